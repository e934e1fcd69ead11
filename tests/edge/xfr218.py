import keras
import numpy as np
import pytest
from keras import layers

x, y = np.ones((8, 2)), np.ones((8, 1))


def functional():
    inputs = keras.Input((2,))
    model = keras.Model(inputs, layers.Dense(1)(inputs))
    model.summary()
    model.fit(x, y, epochs=3)  # XFR218
    return model.evaluate(x, y)  # XFR218


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = layers.Dense(1)

    def call(self, inputs):
        return self.out(inputs)


def subclassed():
    net = Net()
    for _ in range(3):
        net.train_on_batch(x, y)  # XFR218


def build():
    model = keras.Sequential()
    model.add(layers.Dense(1))
    return model


def from_a_factory():
    net = build()
    net.fit(x, y)  # XFR218


class Experiment:
    def __init__(self):
        self.net = keras.Sequential([layers.Dense(1)])
        self.other = keras.Sequential([layers.Dense(1)])
        self.other.compile("sgd", "mse")

    def run(self):
        self.other.fit(x, y)
        return self.net.test_on_batch(x, y)  # XFR218


# -- right ones ------------------------------------------------------------------------------------


def build_compiled():
    model = keras.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def compiled_elsewhere(prepare, flag):
    model = build_compiled()
    model.fit(x, y)
    given = keras.Sequential([layers.Dense(1)])
    prepare(given)
    given.fit(x, y)
    loaded = keras.models.load_model("model.keras")
    loaded.evaluate(x, y)
    either = keras.Sequential([layers.Dense(1)]) if flag else loaded
    either.fit(x, y)


class Compiles(keras.Model):
    def __init__(self):
        super().__init__()
        self.compile("sgd", "mse")


class OwnFit(keras.Model):
    def fit(self, *args):
        return args


class Estimator:
    def fit(self, *args):
        return args


def others(model):
    Compiles().fit(x, y)
    own = OwnFit()
    own.fit(x, y)
    estimator = Estimator()
    estimator.fit(x, y)
    model.fit(x, y)
    copied = keras.models.clone_model(model)
    copied.fit(x, y)
    predicts = keras.Sequential([layers.Dense(1)])
    predicts.predict(x)


def test_it_raises():
    model = keras.Sequential([layers.Dense(1)])
    with pytest.raises(ValueError):
        model.fit(x, y)
    try:
        model.evaluate(x, y)
    except ValueError:
        pass


class Trainer:
    def __init__(self, model):
        self.model = model

    def run(self):
        self.model.compile("sgd", "mse")


def handed_to_a_class():
    model = keras.Sequential([layers.Dense(1)])
    Trainer(model).run()
    model.fit(x, y)


def patterns(text):
    import re

    word = re.compile(text)
    model = keras.Sequential([layers.Dense(1)])
    model.fit(x, y)  # XFR218
    return word
