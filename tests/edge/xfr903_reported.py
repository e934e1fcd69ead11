"""Shapes in which a tape that keeps too much was reported, each with its fixed twin."""

import keras
import tensorflow as tf

# -- as reported in sql-machine-learning/elasticdl#1144: a worker's training process ----------------


class Worker:
    def __init__(self):
        self._model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])

    def training_process(self, features, labels):
        with tf.GradientTape(persistent=True) as tape:  # XFR903
            outputs = self._model(features, training=True)
            loss = tf.reduce_mean(tf.square(outputs - labels))
        grads = tape.gradient(loss, self._model.trainable_variables)
        return loss, grads

    def training_process_fixed(self, features, labels):
        with tf.GradientTape() as tape:
            outputs = self._model(features, training=True)
            loss = tf.reduce_mean(tf.square(outputs - labels))
        grads = tape.gradient(loss, self._model.trainable_variables)
        return loss, grads


# -- a closure over the model, traced ----------------------------------------------------------------


def make_step(model, optimizer, loss_fn):
    @tf.function
    def step(x, y):
        with tf.GradientTape(persistent=True, watch_accessed_variables=True) as t:  # XFR903
            loss = loss_fn(y, model(x, training=True))
        optimizer.apply_gradients(
            zip(t.gradient(loss, model.trainable_variables), model.trainable_variables)
        )
        return loss

    @tf.function
    def step_fixed(x, y):
        with tf.GradientTape(watch_accessed_variables=True) as t:
            loss = loss_fn(y, model(x, training=True))
        optimizer.apply_gradients(
            zip(t.gradient(loss, model.trainable_variables), model.trainable_variables)
        )
        return loss

    return step, step_fixed
