import keras
import tensorflow as tf
from keras.optimizers import RMSprop


def student():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])


def distil(batches):
    teacher = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8), keras.layers.Dense(1)])
    pupil = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    shared = RMSprop(learning_rate=1e-3)
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((teacher(x, training=True) - y) ** 2)
        grads = tape.gradient(loss, teacher.trainable_weights)
        shared.apply_gradients(zip(grads, teacher.trainable_weights))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((pupil(x, training=True) - teacher(x, training=False)) ** 2)
        grads = tape.gradient(loss, pupil.trainable_weights)
        shared.apply_gradients(zip(grads, pupil.trainable_weights))  # XFR217


def distil_rightly(batches):
    teacher = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8), keras.layers.Dense(1)])
    pupil = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    for_teacher, for_pupil = RMSprop(learning_rate=1e-3), RMSprop(learning_rate=1e-3)
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((teacher(x, training=True) - y) ** 2)
        grads = tape.gradient(loss, teacher.trainable_weights)
        for_teacher.apply_gradients(zip(grads, teacher.trainable_weights))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((pupil(x, training=True) - teacher(x, training=False)) ** 2)
        grads = tape.gradient(loss, pupil.trainable_weights)
        for_pupil.apply_gradients(zip(grads, pupil.trainable_weights))


def compile_both_rightly():
    one, other = student(), student()
    for model in (one, other):
        model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
    return one, other
