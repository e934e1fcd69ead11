import keras
import tensorflow as tf
from losses import fit
from nets import Net

net = Net()
opt = keras.optimizers.Adam()


def step(x, y):
    with tf.GradientTape() as tape:
        loss = fit(net, x, y)
    grads = tape.gradient(loss, net.trainable_variables)  # XFR226
    opt.apply_gradients(zip(grads, net.trainable_variables))
