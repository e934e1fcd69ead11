# one spelling
import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
from keras import layers

net = keras.Sequential([layers.Dense(8), layers.Dropout(0.5)])


def train_one_epoch(batches, optimizer, loss_fn):
    net.train()  # XFR309
    for x, y in batches:
        optimizer.zero_grad()
        loss = loss_fn(net(x), y)
        loss.backward()
        optimizer.step()
