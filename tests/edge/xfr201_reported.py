"""Shapes in which gradients without their variables were reported, each with its fixed twin."""

import keras
import tensorflow as tf

# -- as reported in tensorflow/tensorflow#28833: the whole step inside the tape --------------------

model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(9)])
cnn_optimizer = keras.optimizers.Adam(1e-4)


def train_step(images, labels):
    with tf.GradientTape() as cnn_tape:
        loss = keras.losses.MeanSquaredError()(labels, model(images))
        gradient_of_cnn = cnn_tape.gradient(loss, model.trainable_variables)
        cnn_optimizer.apply_gradients(gradient_of_cnn)  # XFR201


def train_step_fixed(images, labels):
    with tf.GradientTape() as cnn_tape:
        loss = keras.losses.MeanSquaredError()(labels, model(images))
    gradient_of_cnn = cnn_tape.gradient(loss, model.trainable_variables)
    cnn_optimizer.apply_gradients(zip(gradient_of_cnn, model.trainable_variables))


# -- as reported in the same place: the logits come from outside ----------------------------------


def train_step_of_logits(logits, labels):
    with tf.GradientTape() as cnn_tape:
        loss = keras.losses.MeanSquaredError()(labels, logits)
    grads = cnn_tape.gradient(loss, model.trainable_variables)
    cnn_optimizer.apply_gradients(grads)  # XFR201


def train(images, labels):
    for x, y in zip(images, labels):
        logits = tf.argmax(model(x))  # XFR209
        train_step_of_logits(logits, y)


# -- as reported in tensorflow/tensorflow#31273: one variable, not a list --------------------------


def descend(steps):
    opt = keras.optimizers.Adam(learning_rate=1.0)
    point = tf.Variable(tf.random.normal((1, 1)))
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(point**2)
        gradients = tape.gradient(loss, point)
        opt.apply_gradients(zip(gradients, point))  # XFR201


def descend_fixed(steps):
    opt = keras.optimizers.Adam(learning_rate=1.0)
    point = tf.Variable(tf.random.normal((1, 1)))
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(point**2)
        gradients = tape.gradient(loss, point)
        opt.apply_gradients([(gradients, point)])
