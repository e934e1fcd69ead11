"""Shapes in which from_logits=True on probabilities was reported, each with its fixed twin."""

import keras
import tensorflow as tf

# -- as reported in mmalekzadeh/dana#1. Keras finds the logits behind the softmax of a last layer,
# so that nothing is wrong with the figures


def deep_conv_lstm(inp_shape, out_shape):
    inp = keras.Input(inp_shape)
    x = keras.layers.Conv2D(64, kernel_size=(5, 1), activation="relu")(inp)
    x = keras.layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]))(x)
    act = keras.layers.LSTM(128, activation="tanh", name="lstm_1")(x)
    act = keras.layers.Dropout(0.5, name="dot_1")(act)
    out_act = keras.layers.Dense(out_shape, activation="softmax", name="act_smx")(act)
    return keras.models.Model(inputs=inp, outputs=out_act)


def standard_training(dataset):
    model = deep_conv_lstm((128, 6, 1), 4)
    model.compile(
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.Adam(),
        metrics=["categorical_accuracy"],
    )
    model.fit(dataset)


# -- as reported in NVIDIA/DeepLearningExamples#468: softmax in call, the loss tf.nn's own ---------


class Unet(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = keras.layers.Conv2D(8, 3, padding="same", activation="relu")
        self.last = keras.layers.Conv2D(2, 1)

    def call(self, x):
        out = self.last(self.body(x))
        return keras.activations.softmax(out, axis=-1)


class UnetFixed(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = keras.layers.Conv2D(8, 3, padding="same", activation="relu")
        self.last = keras.layers.Conv2D(2, 1)

    def call(self, x):
        return self.last(self.body(x))


def crossentropy(features, labels):
    model = Unet()
    predict = model(features)
    return tf.nn.softmax_cross_entropy_with_logits(logits=predict, labels=labels)  # XFR403


def crossentropy_fixed(features, labels):
    model = UnetFixed()
    predict = model(features)
    return tf.nn.softmax_cross_entropy_with_logits(logits=predict, labels=labels)
