# one spelling: the names are what counts
import tensorflow as tf
import torch

SEED = 42
torch.manual_seed(SEED)  # XFR703

model = tf.keras.Sequential([tf.keras.layers.Dense(4), tf.keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")


def run(x, y):
    model.fit(x, y, epochs=3)
