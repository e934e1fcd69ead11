# one spelling
import tensorflow as tf
import tensorflow.compat.v1 as tf1

x = tf.placeholder(tf.float32, [None, 3])
y = tf.nn.softmax(x, dim=1)
z = tf.reduce_sum(x, 1, keep_dims=True)
w = tf1.reduce_sum(x, 1, keep_dims=True)
