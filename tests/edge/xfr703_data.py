# one spelling: the names are what counts
import keras
import torch

torch.manual_seed(0)
x = torch.randn(8, 4)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x.numpy(), x[:, :1].numpy())
