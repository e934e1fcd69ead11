# one spelling
import tensorflow as tf
from tensorflow.python.ops.numpy_ops import np_config

np_config.enable_numpy_behavior()
x = tf.ones((2, 3))
print(x.mean(), x.reshape(-1), x.astype("int32"), x.transpose())
print(x.view(-1))  # XFR602
