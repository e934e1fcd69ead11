# one spelling: the names are what counts
import keras
import torch
from utils import seed_everything

seed_everything(0)
torch.manual_seed(0)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit([[1.0]], [[1.0]])
