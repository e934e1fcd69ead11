import keras
import numpy as np
import tensorflow as tf


def one_hot(labels, depth):
    out = tf.zeros((len(labels), depth))
    for row, label in enumerate(labels):
        out[row, label] = 1.0  # XFR603
    return out


class Masked(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.proj = keras.layers.Dense(4)

    def call(self, x):
        h = self.proj(x)
        h[:, 0] = 0.0  # XFR603
        return h


class Port(keras.Model):
    def call(self, inputs):
        inputs[:, :, 0] *= 2.0  # XFR603
        return inputs


class Filter(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(tf.ones((4, 4)))

    def reset(self):
        self.w[0] = 1.0  # XFR603


def clip(weights: tf.Variable):
    weights.clamp_(-1.0, 1.0)  # XFR603
    return weights


def update(gradients, rate=0.1):
    w = tf.Variable(tf.zeros(3))
    w.sub_(rate * gradients)  # XFR603
    total = tf.constant(0.0)
    total.add_(1.0)  # XFR603
    return w


def through_a_dataset(pairs):
    for x, y in tf.data.Dataset.from_tensor_slices(pairs):
        y[0] = 0  # XFR603
        yield x, y


# -- right ones ------------------------------------------------------------------------------------


def right(x, model):
    tensors = [tf.ones(2), tf.zeros(2)]
    tensors[0] = tf.ones(3)
    by_name = {"a": tf.ones(2)}
    by_name["b"] = tf.zeros(2)
    array = tf.ones(3).numpy()
    array[0] = 2.0
    other = np.zeros(3)
    other[0] = 1
    x[0] = 1
    total = tf.constant(0.0)
    total += 1.0
    w = tf.Variable(tf.ones(3))
    w[0].assign(2.0)
    w.assign_add(tf.ones(3))
    output = model(x)
    output[0] = 3
    history = tf.TensorArray(tf.float32, 3)
    history = history.write(0, total)
    parts = tf.split(x, 2)
    parts[0] = total
    moments = list(tf.nn.moments(x, axes=[0]))
    moments[0] = total
    return tensors, by_name, array, other, parts


def raises(v):
    w = tf.Variable([1.0, 2.0])
    try:
        w[1] = v
    except TypeError as error:
        print(error)


class Several(keras.layers.Layer):
    def call(self, states):
        states[0] = tf.nn.relu(states[0])
        states[1:] = [tf.nn.relu(state) for state in states[1:]]
        return tf.concat(states, axis=-1)


class OfADict(keras.layers.Layer):
    def call(self, inputs):
        inputs["mask"] = tf.ones(3)
        return inputs


def method_raises():
    try:
        tf.ones(3).add_(1.0)
    except AttributeError as error:
        print(error)
