# one spelling
import os

if os.environ.get("BACKEND") == "torch":
    import torch

    def mean(x):
        return torch.mean(x)
else:
    import tensorflow as tf

    def mean(x):
        return tf.reduce_mean(x)
