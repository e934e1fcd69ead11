# one spelling: the names are what counts
import keras
import torch

keras.utils.set_random_seed(42)
torch.manual_seed(42)

model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")


def run(x, y):
    model.fit(x, y, epochs=3)
