# one spelling
import tensorflow as tf
from tensorflow.keras.optimizers import legacy

weight = tf.Variable(1.0)
legacy.SGD(0.1).minimize(lambda: weight * weight, [weight])
tf.keras.optimizers.SGD(0.1).minimize(lambda: weight * weight, [weight])
tf.compat.v1.train.AdamOptimizer().minimize(lambda: weight * weight)
