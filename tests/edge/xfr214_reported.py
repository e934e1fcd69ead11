"""Shapes in which an optimizer without memory was reported, each with its fixed twin."""

import keras
import tensorflow as tf
from torch import nn, optim
from torch.nn import functional as F

# -- as in keras-team/keras#14287: made where it is applied -------------------------------------------


class Agent:
    def __init__(self):
        self.branch = [keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])]
        self.optimizer = keras.optimizers.RMSprop()

    def learn_mu(self, state, label, action_index):
        training_model = self.branch[action_index]
        with tf.GradientTape() as tape:
            pred = training_model(state)
            loss = tf.reduce_mean(tf.square(label - pred))
        grads = tape.gradient(loss, training_model.trainable_variables)
        keras.optimizers.RMSprop().apply_gradients(  # XFR214
            zip(grads, training_model.trainable_variables)
        )

    def learn_mu_fixed(self, state, label, action_index):
        training_model = self.branch[action_index]
        with tf.GradientTape() as tape:
            pred = training_model(state)
            loss = tf.reduce_mean(tf.square(label - pred))
        grads = tape.gradient(loss, training_model.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, training_model.trainable_variables))


# -- as reported in alan-turing-institute/deepsensor#47: an epoch's own optimizer. Rounds of clients
# look the same, so it is not judged


def train_epoch(model, tasks, lr=5e-5):
    opt = optim.Adam(model.parameters(), lr=lr)
    losses = []
    for x, y in tasks:
        opt.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


def train(tasks, n_epochs):
    model = nn.Linear(4, 1)
    for epoch in range(n_epochs):
        print(epoch, sum(train_epoch(model, tasks)))


# -- the same for one batch ------------------------------------------------------------------------


def train_batch(model, x, y, lr=5e-5):
    opt = optim.Adam(model.parameters(), lr=lr)  # XFR214
    opt.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward()
    opt.step()
    return loss.item()


def train_by_batches(batches):
    model = nn.Linear(4, 1)
    for x, y in batches:
        print(train_batch(model, x, y))


def train_batch_fixed(model, opt, x, y):
    opt.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward()
    opt.step()
    return loss.item()


def train_by_batches_fixed(batches):
    model = nn.Linear(4, 1)
    opt = optim.Adam(model.parameters(), lr=5e-5)
    for x, y in batches:
        print(train_batch_fixed(model, opt, x, y))


# -- SGD remembers nothing ---------------------------------------------------------------------------


def plain(model, x):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    keras.optimizers.SGD(0.1).apply_gradients(zip(grads, model.trainable_variables))
