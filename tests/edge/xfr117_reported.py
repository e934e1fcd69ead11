"""Shapes in which a name that lands in the place of the shape was reported, with the fixed twins."""

import tensorflow as tf

# -- as reported in keras-team/keras#22253 and MITDeepLearning/introtodeeplearning#163 ---------------


class OurDenseLayer(tf.keras.layers.Layer):
    def __init__(self, n_output_nodes):
        super(OurDenseLayer, self).__init__()
        self.n_output_nodes = n_output_nodes

    def build(self, input_shape):
        d = int(input_shape[-1])
        self.W = self.add_weight("weight", shape=[d, self.n_output_nodes])  # XFR117
        self.b = self.add_weight("bias", shape=[1, self.n_output_nodes])  # XFR117

    def call(self, x):
        return tf.sigmoid(tf.matmul(x, self.W) + self.b)


class OurDenseLayerFixed(tf.keras.layers.Layer):
    def __init__(self, n_output_nodes):
        super(OurDenseLayerFixed, self).__init__()
        self.n_output_nodes = n_output_nodes

    def build(self, input_shape):
        d = int(input_shape[-1])
        self.W = self.add_weight(name="weight", shape=[d, self.n_output_nodes])
        self.b = self.add_weight(shape=[1, self.n_output_nodes], name="bias")

    def call(self, x):
        return tf.sigmoid(tf.matmul(x, self.W) + self.b)


# -- as reported in NEGU93/cvnn#49: over several lines, an initializer behind it -----------------------


class ComplexDense(tf.keras.layers.Layer):
    def build(self, input_shape):
        self.w_r = self.add_weight(  # XFR117
            "kernel_r", shape=(input_shape[-1], 15), initializer="glorot_uniform", trainable=True
        )

    def call(self, x):
        return x @ self.w_r


class ComplexDenseFixed(tf.keras.layers.Layer):
    def build(self, input_shape):
        self.w_r = self.add_weight(
            shape=(input_shape[-1], 15), initializer="glorot_uniform", name="kernel_r"
        )

    def call(self, x):
        return x @ self.w_r
