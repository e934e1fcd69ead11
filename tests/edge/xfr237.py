import keras
import tensorflow as tf

net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
w = tf.Variable(2.0)
step = tf.Variable(0.0, trainable=False)


# ---- mistakes, each with its fixed twin --------------------------------------------------------


def by_keyword(x):
    with tf.GradientTape(watch_accessed_variables=False) as tape:  # XFR237
        loss = tf.reduce_mean(net(x, training=True) ** 2)
    return tape.gradient(loss, net.trainable_variables)


def by_keyword_fixed(x):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(net.trainable_variables)
        loss = tf.reduce_mean(net(x, training=True) ** 2)
    return tape.gradient(loss, net.trainable_variables)


def by_position():
    with tf.GradientTape(True, False) as t:  # XFR237
        y = w * w
    return t.gradient(y, w), t.gradient(y, [w])


class Trainer:
    def step(self, x):
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:  # XFR237, XFR903
            loss = tf.reduce_mean(net(x, training=True) ** 2)
        return tape.gradient(loss, net.trainable_variables)


def made_first():
    tape = tf.GradientTape(watch_accessed_variables=False)  # XFR237
    with tape:
        y = w * w
    return tape.gradient(y, w)


def one_of_two(x):
    with (
        tf.GradientTape(watch_accessed_variables=False) as first,  # XFR237
        tf.GradientTape(watch_accessed_variables=False) as second,
    ):
        second.watch(w)
        y = w * w
    return first.gradient(y, w), second.gradient(y, w)


def counter():
    with tf.GradientTape() as tape:
        y = step * w
    return tape.gradient(y, step)  # XFR237


def counter_fixed():
    with tf.GradientTape() as tape:
        tape.watch(step)
        y = step * w
    return tape.gradient(y, step)


def one_of_several():
    target = tf.Variable([1.0, 2.0], trainable=False)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(target * w)
    return tape.gradient(y, [w, target])  # XFR237


# ---- look-alikes -------------------------------------------------------------------------------


def watch_all(tape, variables):
    for variable in variables:
        tape.watch(variable)


def in_a_loop(x):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for variable in net.trainable_variables:
            tape.watch(variable)
        loss = tf.reduce_mean(net(x, training=True) ** 2)
    return tape.gradient(loss, net.trainable_variables)


def by_a_helper(x):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        watch_all(tape, net.trainable_variables)
        loss = tf.reduce_mean(net(x, training=True) ** 2)
    return tape.gradient(loss, net.trainable_variables)


def by_the_input(x):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        loss = tf.reduce_mean(net(x, training=False) ** 2)
    return tape.gradient(loss, x)


def on_request(x, watch=True):
    with tf.GradientTape(watch_accessed_variables=watch) as tape:
        loss = tf.reduce_mean(net(x, training=True) ** 2)
    return tape.gradient(loss, net.trainable_variables)


def perhaps(trainable=False):
    v = tf.Variable(1.0, trainable=trainable)
    with tf.GradientTape() as tape:
        y = v * v
    return tape.gradient(y, v)
