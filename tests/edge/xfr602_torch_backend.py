# one spelling
import keras
import torch


class Head(keras.layers.Layer):
    def call(self, x):
        x = keras.ops.relu(x)
        x[0] = 1.0
        return x.view(x.size(0), -1).unsqueeze(1)


print(Head()(torch.ones(2, 3)))
