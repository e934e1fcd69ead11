# one spelling
import tensorflow as tf
from tensorflow.keras.optimizers.legacy import SGD
from tensorflow.keras.optimizers import Adam

opt = tf.keras.optimizers.legacy.Adam(lr=0.001)
opt = SGD(lr=0.1)
opt = tf.compat.v1.keras.optimizers.Adam(lr=0.1)
opt = Adam(lr=0.1)  # XFR410
