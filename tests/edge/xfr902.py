import keras
import tensorflow as tf

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
opt = keras.optimizers.Adam()
w = tf.Variable(2.0)


def step(x):
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_mean(net(x, training=True) ** 2)
        grads = tape.gradient(loss, net.trainable_variables)  # XFR902
    opt.apply_gradients(zip(grads, net.trainable_variables))


def step_fixed(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(net(x, training=True) ** 2)
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


def applied_inside(x):
    with tf.GradientTape(persistent=True) as t:
        loss = tf.reduce_mean(net(x, training=True) ** 2)
        grads = t.gradient(loss, net.trainable_variables)  # XFR902
        opt.apply_gradients(zip(grads, net.trainable_variables))


class Trainer:
    def step(self, x):
        with tf.GradientTape(True) as tape:
            loss = tf.reduce_mean(net(x, training=True) ** 2)
            return tape.gradient(loss, net.trainable_variables)  # XFR902


def not_persistent(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(net(x, training=True) ** 2)
        return tape.gradient(loss, net.trainable_variables)


def second(x):
    with tf.GradientTape(persistent=True) as tape:
        y = w**3
        first = tape.gradient(y, w)
    return tape.gradient(first, w)


def nested():
    with tf.GradientTape() as outer:
        with tf.GradientTape(persistent=True) as inner:
            y = w**3
            first = inner.gradient(y, w)
    return outer.gradient(first, w)


def perhaps(x, again):
    with tf.GradientTape(persistent=again) as tape:
        loss = tf.reduce_mean(net(x, training=True) ** 2)
        return tape.gradient(loss, net.trainable_variables)
