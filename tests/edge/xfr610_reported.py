"""Shapes in which Python code that runs once was reported, each with its fixed twin."""

import tensorflow as tf

# -- as reported in tensorflow/tensorflow#31362: a counter that stands still ---------------------------


class Work:
    def __init__(self):
        self.value = 0
        self.count = tf.Variable(0)

    @tf.function
    def with_py_side_effect(self, x):
        y = tf.sqrt(x)
        self.value += 1  # XFR610
        return y

    @tf.function
    def with_py_side_effect_fixed(self, x):
        y = tf.sqrt(x)
        self.count.assign_add(1)
        return y


# -- as in mercedes-benz/selfsupervised_flow#21: print, which may be there to show the tracing ----------


@tf.function
def tf_func(x):
    y = tf.reduce_sum(x)
    print("sum:", y)
    return y


# -- the losses of a step collected in a list ----------------------------------------------------------

history = []


class Trainer:
    def __init__(self, model):
        self.model, self.losses = model, []

    @tf.function
    def step(self, x, y):
        loss = tf.reduce_mean(tf.square(self.model(x, training=True) - y))
        self.losses.append(loss)  # XFR610
        history.append(loss)  # XFR610
        return loss

    @tf.function
    def step_fixed(self, x, y):
        return tf.reduce_mean(tf.square(self.model(x, training=True) - y))

    def run(self, batches):
        for x, y in batches:
            self.losses.append(self.step_fixed(x, y))
