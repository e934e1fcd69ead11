"""torch_right.py ported with a loss that takes the logits for probabilities, then the reverse.

Run with `python examples/losses/keras_wrong.py`; `keras_right.py` is the repaired port.
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


class NetWithSoftmax(Net):
    def call(self, x):
        return tf.nn.softmax(self.out(self.hidden(x)))


loss_of_probabilities = keras.losses.SparseCategoricalCrossentropy()
loss_of_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def train_step(model: Net, optimizer: keras.optimizers.Optimizer, x, y):
    """`nn.CrossEntropyLoss` takes logits; Keras' cross entropy takes probabilities unless told."""
    with tf.GradientTape() as tape:
        loss = loss_of_probabilities(y, model(x, training=True))  # XFR402
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


def train_step_repaired_twice(model: NetWithSoftmax, optimizer: keras.optimizers.Optimizer, x, y):
    """The model got a softmax and the loss its `from_logits`: either alone would have done."""
    with tf.GradientTape() as tape:
        loss = loss_of_logits(y, model(x, training=True))  # XFR403
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


def report(attempt, losses, model: Net, x, y):
    accuracy = np.mean(np.argmax(model(x), axis=1) == y)
    print(f"{attempt}: loss {losses[0]:.3f} -> {losses[-1]:.3f}, accuracy {accuracy:.2f}")


def main():
    x, y = make_data()
    print(f"loss of a guess among ten: {np.log(10):.3f}")

    keras.utils.set_random_seed(0)
    model, optimizer = Net(), keras.optimizers.SGD(0.5)
    losses = [float(train_step(model, optimizer, x, y)) for _ in range(100)]
    report("logits, taken for probabilities", losses, model, x, y)

    keras.utils.set_random_seed(0)
    model, optimizer = NetWithSoftmax(), keras.optimizers.SGD(0.5)
    losses = [float(train_step_repaired_twice(model, optimizer, x, y)) for _ in range(100)]
    report("probabilities, taken for logits", losses, model, x, y)


if __name__ == "__main__":
    main()
