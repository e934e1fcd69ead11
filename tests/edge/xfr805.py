import keras
import tensorflow as tf
from tensorflow.distribute import MirroredStrategy

strategy = tf.distribute.MirroredStrategy()


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)

    def call(self, x):
        return self.out(x)


def build():
    inputs = keras.Input((2,))
    return keras.Model(inputs, keras.layers.Dense(1)(inputs))


net = Net()
with strategy.scope():
    optimizer = keras.optimizers.Adam()
    net.compile(optimizer, "mse")  # XFR805


def by_a_factory(x, y):
    model = build()
    mirrored = MirroredStrategy(["GPU:0", "GPU:1"])
    with mirrored.scope():
        model.compile("sgd", "mse")  # XFR805
        model.fit(x, y)


def fitted_under_it(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with strategy.scope():
        model.fit(x, y)  # XFR805


def on_a_tpu(resolver):
    tpu = tf.distribute.TPUStrategy(resolver)
    model = build()
    with tpu.scope():
        model.compile("adam", "mse")  # XFR805
    return model


def workers(x, y):
    several = tf.distribute.MultiWorkerMirroredStrategy()
    net = Net()
    with tf.device("/cpu:0"), several.scope():
        net.compile("adam", "mse")  # XFR805


if __name__ == "__main__":
    main_model = build()
    with strategy.scope():
        main_model.compile(optimizer="sgd", loss="mse")  # XFR805
    main_model.fit(tf.ones((8, 2)), tf.ones((8, 1)))


# -- right ones ------------------------------------------------------------------------------------


def inside(x, y):
    with strategy.scope():
        model = build()
        model.compile("sgd", "mse")
    model.fit(x, y)
    with strategy.scope():
        model.compile("sgd", "mae")


def build_inside():
    with strategy.scope():
        model = keras.Sequential([keras.layers.Dense(1)])
    return model


def through_a_factory(x, y):
    model = build_inside()
    with strategy.scope():
        model.compile("sgd", "mse")


def one_device(x, y):
    default = tf.distribute.get_strategy()
    model = build()
    with default.scope():
        model.compile("sgd", "mse")


def given(model, strategy):
    with strategy.scope():
        model.compile("sgd", "mse")
        other = keras.models.load_model("model.keras")
        other.compile("sgd", "mse")


def either(flag, x, y):
    if flag:
        with strategy.scope():
            model = build()
    else:
        model = build()
    with strategy.scope():
        model.compile("sgd", "mse")
