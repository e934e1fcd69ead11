# one spelling
import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch

model = keras.Sequential([keras.layers.Dense(1)])
loss_fn = keras.losses.MeanSquaredError()
optimizer = torch.optim.Adam(model.parameters())


def train(x, y):
    model.train()
    optimizer.zero_grad()
    loss = loss_fn(y, model(x, training=True))
    loss.backward()
    optimizer.step()
