# one spelling: the names are what counts
import random

import numpy as np
import torch
from tensorflow import keras


def seed(n):
    random.seed(n)
    np.random.seed(n)
    torch.manual_seed(n)  # XFR703
    torch.cuda.manual_seed_all(n)  # XFR703
    torch.backends.cudnn.deterministic = True


def train(x, y):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, y)
