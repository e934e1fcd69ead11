import keras
import numpy as np
import tensorflow as tf
from keras import layers

sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
binary = keras.losses.BinaryCrossentropy(from_logits=True)
focal = keras.losses.CategoricalFocalCrossentropy(from_logits=True)

keras_softmax = keras.Sequential([layers.Dense(4, activation="softmax")])
keras_sigmoid = keras.Sequential([layers.Dense(1), layers.Activation("sigmoid")])
tf_softmax = keras.Sequential([layers.Dense(4, activation=tf.nn.softmax)])
linear = keras.Sequential([layers.Dense(4)])


def eager(x, y):
    with tf.GradientTape() as tape:
        loss = sparse(y, keras_softmax(x))
        loss += sparse(y, tf_softmax(x))  # XFR403
        loss += sparse(y, tf.nn.softmax(linear(x)))  # XFR403
        loss += sparse(y, keras.ops.softmax(linear(x)))
        loss += sparse(y, keras.activations.softmax(linear(x)))
        loss += sparse(y, linear(x))
        loss += binary(y, keras_sigmoid(x))
        loss += binary(y, tf.sigmoid(linear(x)))  # XFR403
        loss += binary(y, tf.math.sigmoid(linear(x)))  # XFR403
        loss += focal(y, keras_softmax(x))  # XFR403
        loss += sparse(y, tf.reshape(keras_softmax(x), (-1, 4)))  # XFR403
        loss += sparse(y, keras_softmax(x)[:, -1])  # XFR403
        loss += sparse(y, keras_softmax.predict(x))  # XFR403
        loss += keras.losses.binary_crossentropy(y, tf.sigmoid(x), from_logits=True)  # XFR403
        loss += keras.losses.binary_crossentropy(y, tf.sigmoid(x))
        loss += tf.nn.softmax_cross_entropy_with_logits(y, keras_softmax(x))  # XFR403
        loss += tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=tf.nn.log_softmax(x))
        loss += tf.nn.sigmoid_cross_entropy_with_logits(logits=tf.sigmoid(x), labels=y)  # XFR403
        loss += tf.nn.sigmoid_cross_entropy_with_logits(logits=x, labels=tf.sigmoid(y))
    return tape, loss


@tf.function
def traced(x, y):
    loss = sparse(y, tf_softmax(x))
    loss += tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=tf_softmax(x))  # XFR403
    return loss + helper(x, y)


def helper(x, y):
    return sparse(y, tf_softmax(x))


def wrapped(x, y):
    return sparse(y, tf_softmax(x))


wrapped = tf.function(wrapped)
handed_on = lambda x, y: sparse(y, tf_softmax(x))


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = layers.Dense(4)
        self.softmax = layers.Softmax()

    def call(self, x):
        return tf.nn.softmax(self.out(x))

    def train_step(self, data):
        x, y = data
        return {"loss": sparse(y, self(x))}

    def evaluate_by_hand(self, x, y):
        return sparse(y, self(x))  # XFR403


class Either(keras.Model):
    def __init__(self, probabilities):
        super().__init__()
        self.out = layers.Dense(4)
        self.probabilities = probabilities

    def call(self, x):
        x = self.out(x)
        if self.probabilities:
            x = tf.nn.softmax(x)
        return x


def compiled(x, y, flag):
    model = Net()
    model.compile(loss=sparse)
    model = keras.Sequential([layers.Dense(4, activation=tf.nn.softmax)])
    model.compile(loss=sparse)
    model.compile(loss=sparse, run_eagerly=True)  # XFR403
    model.compile(loss=sparse, run_eagerly=flag)
    model.compile(loss=focal)  # XFR403
    keras_softmax.compile(loss=sparse, run_eagerly=True)
    linear.compile(loss=sparse)
    inputs = keras.Input((8,))
    outputs = layers.Reshape((2, 2))(layers.Dense(4, activation="softmax")(inputs))
    model = keras.Model(inputs, outputs)
    model.compile(loss=sparse)  # XFR403
    sparse(y, Either(True)(x))  # XFR403
    sparse(y, Either(flag)(x))
    sparse(y, np.asarray(x))
