# one spelling
import tensorflow as tf


def dropout(x, drop_prob, keep_prob, training):
    if not training:
        return x
    x = tf.nn.dropout(x, keep_prob=keep_prob)
    x = tf.nn.dropout(x, rate=keep_prob)  # XFR307
    return tf.nn.dropout(x, 1.0 - drop_prob)
