import keras
import tensorflow as tf
from settings import SCALE
from tensorflow import keras as K

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
other = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
mse = keras.losses.MeanSquaredError()


# ---- what stands beside the mistake and hides nothing ------------------------------------------


def chosen(x, y, weight=2.0, *, hard=False):
    out = net(x, training=True)  # XFR209
    with tf.GradientTape() as tape:
        loss = mse(y, out) if hard else tf.reduce_sum(tf.abs(y - out))
        loss = weight * loss * SCALE
    return tape.gradient(loss, net.trainable_variables)


def of_parts(x, y, args):
    out = net(x, training=True)  # XFR209
    with tf.GradientTape() as tape:
        parts = {name: mse(y, out) for name in ("a", "b")}
        if (total := args.alpha * parts["a"]) is not None:
            loss = total + parts["b"] / tf.cast(tf.shape(x)[0], tf.float32)
    return tape.gradient(loss, net.trainable_variables)


def masked(x, y):
    out = net(x, training=True)  # XFR209
    with tf.GradientTape() as tape:
        kept = tf.where(y > 0.0, out, tf.zeros_like(out))
        loss = mse(y, kept or out)
    return tape.gradient(loss, net.trainable_variables)


def through_another(x, y):
    out = net(x, training=True)  # XFR209
    with tf.GradientTape() as tape:
        loss = mse(y, other(out, training=True))
    return tape.gradient(loss, net.trainable_variables)


class Trainer:
    def __init__(self, model, scale):
        self.model = model
        self.scale = scale
        self.offset = 1.0
        self.table = tf.range(3.0)
        self.fit_loss = keras.losses.MeanAbsoluteError()

    def weighted(self, loss, by=1.0):
        return loss * by * self.scale

    def step(self, x, y):
        out = self.model(x, training=True)  # XFR209
        with tf.GradientTape() as tape:
            self.loss = self.weighted(self.fit_loss(y, out), by=0.5) + self.offset
            self.loss += tf.reduce_mean(self.table)
        return tape.gradient(self.loss, self.model.trainable_variables)


def handed(out, y):
    with tf.GradientTape() as tape:
        loss = mse(y, out)
    return tape.gradient(loss, net.trainable_variables)


handed(net(tf.ones((4, 3)), training=True), tf.ones((4, 1)))  # XFR209


# ---- what may lead to the weights after all ----------------------------------------------------


def by_map(x, y):
    out = net(x, training=True)
    with tf.GradientTape() as tape:
        rows = tf.map_fn(lambda row: net(row[None], training=True)[0], x)
        loss = mse(y, rows) + tf.reduce_mean(out)
    return tape.gradient(mse(y, rows), net.trainable_variables), loss


def yielded(model, batches):
    for x in batches:
        yield model(x, training=True)


def by_generator(x, y):
    out = net(x, training=True)
    with tf.GradientTape() as tape:
        loss = sum(mse(y, found) * out for found in yielded(net, [x]))
    return tape.gradient(loss, net.trainable_variables)


@tf.custom_gradient
def rounded(x):
    return tf.round(x), lambda upstream: upstream


def by_custom_gradient(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, rounded(net(x, training=True)))
    return tape.gradient(loss, net.trainable_variables)


def by_lambda(x, y):
    out = net(x, training=False)
    with tf.GradientTape() as tape:
        loss = (lambda: mse(y, net(x, training=True)))() * mse(y, out)
    return tape.gradient(loss, net.trainable_variables)


class Agent:
    def __init__(self, net):
        self.net = net
        self.parts = []

    def collect(self, x):
        self.out = self.net(x, training=True)

    def penalty(self):
        return tf.add_n([tf.nn.l2_loss(v) for v in self.net.trainable_variables])

    def step(self, x, y):
        before = self.net(x, training=False)
        with tf.GradientTape() as tape:
            self.collect(x)
            loss = mse(y, self.out) + mse(y, before) * self.penalty()
        return tape.gradient(loss, self.net.trainable_variables)

    def by_method(self, x, y, run):
        out = self.net(x, training=False)
        with tf.GradientTape() as tape:
            loss = run(self, x, y) * mse(y, out)
        return tape.gradient(loss, self.net.trainable_variables)


def by_layers(x, y):
    features = K.layers.Flatten()(x)
    first = net.layers[0]
    with tf.GradientTape() as tape:
        loss = mse(y, first(features))
    return tape.gradient(loss, net.trainable_variables)
