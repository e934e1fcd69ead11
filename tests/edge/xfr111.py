import keras
import tensorflow as tf
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(8)
        self.drop = layers.Dropout(0.5)
        self.out = layers.Dense(2)

    def call(self, x, training=False):
        return self.out(self.drop(self.hidden(x), training=training))


class Inner(layers.Layer):
    def __init__(self):
        super().__init__()
        self.net = Net()
        self.dense = layers.Dense(4)

    def call(self, x):
        return self.net.call(self.dense.call(x))  # XFR111


def train(model, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model.call(x, training=True) - y) ** 2)  # XFR111
    return tape.gradient(loss, model.trainable_variables)


net = Net()
train(net, tf.ones((2, 8)), tf.ones((2, 2)))
first = net.call(tf.ones((2, 8)))  # XFR111
layer = layers.LSTM(4)
states = layer.call(tf.ones((2, 3, 4)))  # XFR111


# -- called as they should be, and other calls -----------------------------------------------------


class Child(Net):
    def call(self, x, training=False):
        Net.call(self, x)
        return super().call(x, training=training)

    def predict_step(self, data):
        return self.call(data)


class Recurrent(layers.Layer):
    def __init__(self, cell):
        super().__init__()
        self.cell = layers.GRUCell(4)
        self.given = cell

    def call(self, x, states):
        x, states = self.cell.call(x, states)
        return self.given.call(x, states)


built = layers.Dense(4)
built.build((None, 8))
y = built.call(tf.ones((2, 8)))
functional = keras.Sequential([layers.Dense(4), layers.Dropout(0.5)])
z = functional.call(tf.ones((2, 8)), training=True)
relu = layers.ReLU()
w = relu.call(tf.ones((2, 8)))


class Weighted(layers.Layer):
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], 4), name="w")

    def call(self, x):
        return x @ self.w


u = Weighted().call(tf.ones((2, 8)))  # XFR111


class Plain(keras.Model):
    def build(self, shape):
        self.width = shape[-1]

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)

    def call(self, x):
        return self.dense(x)


v = Plain().call(tf.ones((2, 8)))


class Phone:
    def call(self, number):
        return number


Phone().call(1)


def dial(phone):
    return phone.call(1)
