import keras
import tensorflow as tf
from tensorflow.keras import layers

opt = keras.optimizers.Adam()
net = keras.Sequential([keras.Input((3,)), layers.Dense(8, kernel_regularizer="l2")])


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((y - net(x, training=True)) ** 2)
        loss += 1e-4 * tf.add_n([tf.nn.l2_loss(v) for v in net.trainable_variables])
    grads = tape.gradient(loss, net.trainable_variables)
    opt.apply_gradients(zip(grads, net.trainable_variables))
