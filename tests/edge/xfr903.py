import keras
import tensorflow as tf

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
opt = keras.optimizers.Adam()
w = tf.Variable(2.0)
tapes = []


def once(x):
    with tf.GradientTape(persistent=True) as tape:  # XFR903
        loss = tf.reduce_mean(net(x, training=True) ** 2)
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


def once_fixed(x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(net(x, training=True) ** 2)
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))


def deleted(x):
    with tf.GradientTape(persistent=True) as t:  # XFR903
        loss = tf.reduce_mean(net(x, training=True) ** 2)
    grads = t.gradient(loss, net.trainable_variables)
    del t
    return grads


class Trainer:
    def step(self, x):
        with tf.GradientTape(persistent=True) as tape:  # XFR903
            loss = tf.reduce_mean(net(x, training=True) ** 2)
        self.tape = tape
        return tape.gradient(loss, net.trainable_variables)


def collected():
    with tf.GradientTape(persistent=True) as tape:  # XFR903
        y = w * w
    tapes.append(tape)
    return tape.gradient(y, w), tape.gradient(y, [w])


def twice():
    with tf.GradientTape(persistent=True) as tape:
        y = w * w
        z = w * 3.0
    first, second = tape.gradient(y, w), tape.gradient(z, w)
    del tape
    return first, second


def in_a_loop(variables):
    with tf.GradientTape(persistent=True) as tape:
        y = w * w
    return [tape.gradient(y, v) for v in variables]


def handed_on(minimize):
    with tf.GradientTape(persistent=True) as tape:
        y = w * w
    minimize(y, tape)
    return tape.gradient(y, w)


def per_turn(batches):
    for x in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(net(x, training=True) ** 2)
        opt.apply_gradients(
            zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables)
        )
