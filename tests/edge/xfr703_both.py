# one spelling: the names are what counts
import tensorflow as tf
import torch
from tensorflow import keras

torch.manual_seed(0)
tf.random.set_seed(0)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit([[1.0]], [[1.0]])
