import keras
import numpy as np
import tensorflow as tf
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = keras.Sequential([layers.Conv2D(8, 3), layers.BatchNormalization()])
        self.head = layers.Dense(10)

    def call(self, x, training=False):
        return self.head(self.body(x, training=training))


net = Net()
net.compile("adam", "mse")
params = net.trainable_weights  # XFR122
print("parameters:", net.count_params())  # XFR122


def target_network():
    online = Net()
    target = Net()
    target.set_weights(online.get_weights())  # XFR122
    return online, target


def restored(path):
    model = keras.Sequential()
    model.add(layers.Dense(8))
    model.add(layers.Dense(1))
    model.load_weights(path)  # XFR122
    return model


def optimized(dataset):
    model = keras.Sequential([layers.Flatten(), layers.Dense(1)])
    variables = model.trainable_variables  # XFR122
    optimizer = keras.optimizers.Adam()
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))


class Trainer:
    def run(self):
        model = Net()
        self.start = model.get_weights()  # XFR122
        return model


# -- right ones ------------------------------------------------------------------------------------


class Builds(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = layers.Dense(1)
        self.build((None, 4))

    def call(self, x):
        return self.head(x)


class Own(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.w = self.add_weight(shape=(3,))

    def call(self, x):
        return x * self.w


def built(path, x, prepare):
    shaped = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    kept = shaped.trainable_variables
    old = keras.Sequential([layers.Dense(1, input_shape=(4,))])
    old.load_weights(path)
    called = Net()
    called(x)
    called.load_weights(path)
    by_hand = Net()
    by_hand.build((None, 8, 8, 3))
    print(by_hand.count_params())
    given = Net()
    prepare(given)
    given.set_weights(old.get_weights())
    itself = Builds()
    weights = itself.trainable_weights
    inputs = keras.Input((4,))
    functional = keras.Model(inputs, layers.Dense(1)(inputs))
    variables = functional.weights
    own = keras.Sequential([Own()])
    print(own.count_params(), kept, weights, variables, np.ones(3))
    later = Net()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(later(x, training=True))
    return tape.gradient(loss, later.trainable_variables)


def unseen(make, path):
    model = make()
    model.load_weights(path)
    hidden = keras.Sequential([make(), layers.Dense(1)])
    hidden.load_weights(path)
    for part in Net().trainable_variables:
        print(part)


def added(path):
    model = keras.Sequential()
    model.add(keras.Input((3,)))
    model.add(layers.Dense(1))
    model.load_weights(path)


class Nested(keras.Model):
    def __init__(self, width):
        super().__init__(name="nested")
        self.body = Own()
        self.input_layer = keras.Input((width,))

    def call(self, x):
        return self.body(x)


class Graph(keras.Model):
    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)


def quiet(inputs, outputs, hidden):
    nested = Nested(3)
    kept = nested.weights
    graph = Graph(inputs, outputs)
    kept += graph.trainable_weights
    variables = graph.trainable_weights
    empty = keras.Sequential()
    print(empty.count_params(), variables)
    if hidden:
        net = Net()
    weights = net.trainable_weights
    count = net.count_params
    other = Net()
    other = hidden
    print(other.count_params(), weights, count)
