"""Where the softmax belongs: Keras.  The model ends in logits, and the loss is told so.

Run with `python examples/losses/keras_right.py`; `torch_right.py` is its port.
"""

import keras
import numpy as np
import tensorflow as tf


def make_data(samples=512):
    """Points (samples, 16) and the one of ten directions that each points along most."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, 16)).astype("float32")
    return x, (x @ rng.normal(size=(16, 10))).argmax(axis=1)


class Net(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(64, activation="relu")
        self.out = keras.layers.Dense(10)

    def call(self, x):
        return self.out(self.hidden(x))


loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def train_step(model: Net, optimizer: keras.optimizers.Optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


def main():
    keras.utils.set_random_seed(0)
    x, y = make_data()
    model = Net()
    optimizer = keras.optimizers.SGD(0.5)
    losses = [float(train_step(model, optimizer, x, y)) for _ in range(100)]
    print(f"loss of a guess among ten: {np.log(10):.3f}")
    print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}")
    print(f"accuracy {np.mean(np.argmax(model(x), axis=1) == y):.2f}")


if __name__ == "__main__":
    main()
