# one spelling
import tensorflow as tf

old = tf.keras.optimizers.legacy.Adam(1e-3)
old.lr = 0.1
