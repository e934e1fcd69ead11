"""Shapes in which lost penalties were reported, fixed in xfr226_reported_fixed.py."""

import keras
import tensorflow as tf

# -- as reported in hunglc007/tensorflow-yolov4-tflite#369: blocks made by functions ---------------


def convolutional(x, filters, downsample=False):
    conv = keras.layers.Conv2D(
        filters,
        3,
        strides=2 if downsample else 1,
        padding="same",
        use_bias=False,
        kernel_regularizer=keras.regularizers.l2(0.0005),
    )(x)
    return keras.layers.LeakyReLU(0.1)(conv)


def detector():
    inputs = keras.Input((64, 64, 3))
    x = convolutional(inputs, 8)
    x = convolutional(x, 16, downsample=True)
    return keras.Model(inputs, keras.layers.Conv2D(5, 1)(x))


def train(batches):
    model = detector()
    optimizer = keras.optimizers.Adam()
    for image, target in batches:
        with tf.GradientTape() as tape:
            said = model(image, training=True)
            giou = tf.reduce_mean(tf.square(said[..., :4] - target[..., :4]))
            conf = tf.reduce_mean(tf.square(said[..., 4:] - target[..., 4:]))
            total_loss = giou + conf
        gradients = tape.gradient(total_loss, model.trainable_variables)  # XFR226
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))


# -- as reported in tensorflow/tensorflow#33219: activity regularizers, a tutorial's train_step ----


class MyModel(keras.Model):
    def __init__(self):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.d1 = keras.layers.Dense(
            128, activation="relu", activity_regularizer=keras.regularizers.l2(100.0)
        )
        self.d2 = keras.layers.Dense(10)

    def call(self, x):
        return self.d2(self.d1(self.flatten(x)))


model = MyModel()
loss_object = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = keras.optimizers.Adam()
train_loss = keras.metrics.Mean(name="train_loss")


@tf.function
def train_step(images, labels):
    with tf.GradientTape() as tape:
        predictions = model(images)
        loss = loss_object(labels, predictions)
    gradients = tape.gradient(loss, model.trainable_variables)  # XFR226
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    train_loss(loss)
