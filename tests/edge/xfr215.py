import keras
import numpy as np
import tensorflow as tf
from keras.optimizers import Adam


def in_a_function(model: keras.Model, x, y):
    optimizer = Adam(1e-3)
    loss = tf.reduce_mean(tf.square(model(x) - y))
    loss.backward()  # XFR215
    optimizer.step()  # XFR215


class Trainer:
    def __init__(self, model):
        self.model = model
        self.opt = keras.optimizers.RMSprop(1e-3)
        self.criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def fit(self, data):
        for x, y in data:
            self.opt.zero_grad()  # XFR215
            self.criterion(y, self.model(x)).backward()  # XFR215
            self.opt.step()  # XFR215


def under_the_tape(model, x, y, opt=keras.optimizers.SGD()):
    with tf.GradientTape() as tape:
        loss = keras.losses.mse(y, model(x, training=True))
        loss.backward()  # XFR215
    return tape


def summed(model, batches, weight):
    total = 0.0
    for x, y in batches:
        total = total + weight * tf.nn.l2_loss(model(x) - y)
    total.backward()  # XFR215


def added_up(model, batches):
    total = tf.constant(0.0)
    for x, y in batches:
        total += tf.reduce_mean(keras.losses.mae(y, model(x)))
    total /= len(batches)
    total.backward()  # XFR215


def functional(loss: tf.Tensor, optimizer: keras.optimizers.Optimizer):
    optimizer.zero_grad()  # XFR215
    loss.backward()  # XFR215
    optimizer.step()  # XFR215


def make_optimizer(name):
    if name == "sgd":
        return keras.optimizers.SGD(0.1)
    return keras.optimizers.Adam()


def by_a_helper(name):
    opt = make_optimizer(name)
    opt.step()  # XFR215


class Stepping(keras.optimizers.SGD):
    def step(self, gradients, variables):
        self.apply_gradients(zip(gradients, variables))


class Engine:
    def __init__(self, engine, optimizer, env):
        self.engine = engine
        self.optimizer = optimizer
        self.env = env

    def run(self, loss, action):
        self.optimizer.zero_grad()
        self.engine.backward(loss)
        loss.backward()
        self.optimizer.step()
        self.env.step(action)
        Stepping(0.1).step([], [])


class Layer:
    def forward(self, x):
        self.mean = tf.reduce_mean(x)

    def backward(self, gradient):
        return gradient * self.mean


def by_hand(layers, gradient):
    layer = Layer()
    layer.backward(np.ones(3))
    for other in layers:
        gradient = other.backward(gradient)


def either(flag, x, torch_loss):
    loss = tf.reduce_mean(x) if flag else torch_loss(x)
    loss.backward()
    right = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        value = right * 2
    keras.optimizers.SGD(0.1).apply_gradients([(tape.gradient(value, right), right)])
