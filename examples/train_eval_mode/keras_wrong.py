"""torch_right.py ported to Keras without its modes: dropout and batch norm never act in training.

Run with `python examples/train_eval_mode/keras_wrong.py`; `keras_right.py` is the repaired port.
"""

import keras
import numpy as np
import tensorflow as tf


def make_data(samples=384):
    """Points (samples, 20) far from the origin, and their classes: 0, 1 or 2."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, 20))
    y = (x @ rng.normal(size=(20, 3)) + rng.normal(size=(samples, 3))).argmax(axis=1)
    return (3 * x + 5).astype("float32"), y


class Net(keras.Model):
    def __init__(self, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(64)
        self.norm = keras.layers.BatchNormalization(momentum=0.1, epsilon=epsilon)  # XFR420
        self.drop = keras.layers.Dropout(0.5)
        self.out = keras.layers.Dense(3)

    def call(self, x):  # XFR305
        return self.out(self.drop(tf.nn.relu(self.norm(self.hidden(x)))))


loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def train_step(model: Net, optimizer: keras.optimizers.Optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))  # XFR303
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


def accuracy(model: Net, x, y):
    return float(np.mean(np.argmax(model(x), axis=1) == y))


def train(model: Net, x, y, epochs=30, batch=32):
    optimizer = keras.optimizers.SGD(0.1)
    for _ in range(epochs):
        for start in range(0, len(x), batch):
            train_step(model, optimizer, x[start : start + batch], y[start : start + batch])


def fit(model: Net, x, y, epochs=30, batch=32):
    model.compile(keras.optimizers.SGD(0.1), loss=loss_fn)
    model.fit(x, y, batch_size=batch, epochs=epochs, verbose=0)


def report(way, model: Net, x, y):
    moved = float(np.abs(model.norm.moving_mean).max())
    print(f"{way}: largest moving mean of the batch norm {moved:.2f}")
    scores = accuracy(model, x[:128], y[:128]), accuracy(model, x[128:], y[128:])
    print(f"  accuracy: training {scores[0]:.2f}, validation {scores[1]:.2f}")


def main():
    x, y = make_data()

    keras.utils.set_random_seed(0)
    model = Net()
    train(model, x[:128], y[:128])
    report("own loop", model, x, y)

    keras.utils.set_random_seed(0)
    model = Net()
    fit(model, x[:128], y[:128])
    report("fit", model, x, y)


if __name__ == "__main__":
    main()
