import keras
import tensorflow as tf

axis = 1 if keras.config.image_data_format() == "channels_first" else -1
conv = keras.layers.Conv2D(8, 3)
features = tf.reduce_mean(conv(tf.ones((2, 3, 8, 8))), axis=[2, 3])
