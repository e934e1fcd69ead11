import keras
import tensorflow as tf


def build(base):
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Dense(2)(base(inputs))
    return keras.Model(inputs, outputs)


def fine_tune(x, y):
    base = keras.applications.MobileNetV2(include_top=False, pooling="avg")
    base.trainable = False
    model = build(base)
    model.compile("adam", "mse")
    model.fit(x, y)
    base.trainable = True  # XFR314
    model.fit(x, y)


def layer_by_layer(x, y):
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(x, y)
    for layer in model.layers[:-1]:
        layer.trainable = False  # XFR314
    model.summary()
    history = model.fit(x, y)
    model.layers[0].trainable = True  # XFR314
    model.fit(x, y)
    return history


class Trainer:
    def __init__(self):
        self.net = keras.Sequential([keras.layers.Dense(4)])
        self.net.compile("sgd", "mse")

    def run(self, x, y):
        self.net.fit(x, y)
        self.net.trainable = False  # XFR314
        self.net.fit(x, y)

    def run_rightly(self, x, y):
        self.net.fit(x, y)
        self.net.trainable = False
        self.net.compile("sgd", "mse")
        self.net.fit(x, y)

    def run_with_help(self, x, y):
        self.net.fit(x, y)
        self.net.trainable = False
        compiled(self.net)
        self.net.fit(x, y)


def compiled(model):
    model.compile("sgd", "mse")
    return model


def rebuilt(x, y):
    base = keras.Sequential([keras.layers.Dense(4)])
    model = compiled(keras.Sequential([base]))
    model.fit(x, y)
    base.trainable = False
    model = compiled(keras.Sequential([base]))
    model.fit(x, y)
    base.get_layer("other").trainable = False


def two_models(x, y, other):
    base, head = keras.Sequential([keras.layers.Dense(4)]), keras.layers.Dense(1)
    first = compiled(keras.Sequential([base, head]))
    first.fit(x, y)
    base.trainable = False
    second = compiled(keras.Sequential([base, keras.layers.Dense(2)]))
    second.fit(x, y)
    other.trainable = False
    second.fit(x, y)


def adversarial(gan, critic, x, y):
    for _ in range(10):
        critic.trainable = True
        critic.train_on_batch(x, y)
        critic.trainable = False
        gan.train_on_batch(x, y)


def by_hand(x, y, optimizer):
    model = keras.Sequential([keras.layers.Dense(4)])
    model.trainable = False
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x) - y)
    optimizer.apply(tape.gradient(loss, model.trainable_variables))


def later_on(x, y, freeze):
    model = compiled(keras.Sequential([keras.layers.Dense(4)]))
    model.trainable = False
    model.fit(x, y)
    if freeze:
        model.fit(x, y)
