import keras
import pytest
import tensorflow as tf
import torch
from keras.callbacks import EarlyStopping
from keras.losses import MeanSquaredError
from keras.optimizers import Adam
from torch import nn


class Stop(keras.callbacks.Callback):
    pass


model = keras.Sequential([keras.layers.Dense(1)])
model.compile(Adam, "mse")  # XFR409
model.compile(optimizer=keras.optimizers.SGD, loss="mse")  # XFR409
model.compile(optimizer=Adam(), loss=keras.losses.MeanSquaredError)
model.compile(Adam(1e-3), "mse", metrics=[keras.metrics.MeanAbsoluteError])
model.fit(tf.ones((4, 1)), tf.ones((4, 1)), callbacks=[EarlyStopping])  # XFR409
model.fit(tf.ones((4, 1)), tf.ones((4, 1)), callbacks=[Stop(), Stop])  # XFR409
model.fit(tf.ones((4, 1)), tf.ones((4, 1)), callbacks=[Stop(), keras.callbacks.History()])


def step(net, x, y_true, delta, options):
    y_pred = net(x)
    loss = MeanSquaredError(y_true, y_pred)  # XFR409
    loss += keras.losses.BinaryCrossentropy(y_true, y_pred)  # XFR409
    loss += keras.losses.mean_squared_error(y_true, y_pred)
    loss += MeanSquaredError()(y_true, y_pred)
    loss += keras.losses.Huber(delta)(y_true, y_pred)
    return loss + keras.losses.Huber(*options)(y_true, y_pred)


class Gan(keras.Model):
    def compile(self, g_optimizer, **kwargs):
        super().compile(**kwargs)
        self.loss_fn = keras.losses.BinaryCrossentropy

    def train_step(self, data):
        x, labels = data
        logits = self(x, training=True)
        loss = self.loss_fn(labels, logits)  # XFR409
        return {"loss": loss}


class Trainer:
    def __init__(self, loss_class=nn.MSELoss):
        self.criterion = nn.CrossEntropyLoss
        self.other = nn.CrossEntropyLoss()
        self.made = loss_class()

    def loss(self, outputs, targets):
        total = self.criterion(outputs, targets)  # XFR409
        total = total + self.other(outputs, targets) + self.made(outputs, targets)
        return total + self.criterion()(outputs, targets)


# notebook style
loss_fn = torch.nn.BCEWithLogitsLoss
out = torch.nn.Linear(4, 1)(torch.ones(2, 4))
loss = loss_fn(out, torch.ones(2, 1))  # XFR409
loss = loss_fn(reduction="sum")(out, torch.ones(2, 1))
other = {"mse": nn.MSELoss}["mse"]
loss = other()(out, torch.ones(2, 1))
with pytest.raises(ValueError):
    model.compile(optimizer=Adam)
