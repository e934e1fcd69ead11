import tensorflow as tf
from nets import ByHand
from somewhere import wrap


def train(net, data):
    for x in data:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(net(x, training=True) ** 2)
        tape.gradient(loss, net.trainable_variables)


train(wrap(ByHand()), [])
