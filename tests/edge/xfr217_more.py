import keras
import tensorflow as tf
from keras.optimizers import RMSprop


def student():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


first, second = student(), student()
shared = RMSprop(1e-3)


def step_first(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((first(x, training=True) - y) ** 2)
    grads = tape.gradient(loss, first.trainable_variables)
    shared.apply_gradients(zip(grads, first.trainable_variables))


def step_second(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((second(x, training=True) - y) ** 2)
    grads = tape.gradient(loss, second.trainable_variables)
    shared.apply_gradients(zip(grads, second.trainable_variables))  # XFR217


def compile_both_rightly():
    one, other = student(), student()
    for model in (one, other):
        model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
    return one, other
