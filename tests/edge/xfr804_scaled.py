import keras
import tensorflow as tf

keras.mixed_precision.set_global_policy("mixed_float16")
net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
opt = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.Adam())
mse = keras.losses.MeanSquaredError()


def step(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, net(x, training=True))
        scaled = opt.scale_loss(loss)
    grads = tape.gradient(scaled, net.trainable_variables)
    print(float(loss))
    opt.apply_gradients(zip(grads, net.trainable_variables))
