# one spelling
import tensorflow as tf
import tensorflow.compat.v1 as tf1

keep_prob = tf.placeholder(tf.float32)
h = tf.nn.dropout(tf.ones((2, 3)), keep_prob)
h = tf.nn.dropout(h, keep_prob=keep_prob)
h = tf1.nn.dropout(h, keep_prob=keep_prob)
h = tf.nn.dropout(h, 1 - dropout_rate)
