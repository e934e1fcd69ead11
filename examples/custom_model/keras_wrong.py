"""torch_right.py ported to Keras word by word: what goes wrong on the first afternoon.

Run with `python examples/custom_model/keras_wrong.py`; `keras_right.py` is the repaired port.
"""

import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf


def make_data(samples=256):
    """Points (samples, 8) and their classes: 0, 1 or 2."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(samples, 8)).astype("float32")
    return x, (np.abs(x) @ rng.normal(size=(8, 3))).argmax(axis=1)


class Classifier(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = [keras.layers.Dense(32, activation="relu") for _ in range(2)]
        self.drop = keras.layers.Dropout(0.2)
        self.out = keras.layers.Dense(3)

    def __call__(self, x, training=False):  # XFR101
        for layer in self.hidden:
            x = self.drop(layer(x))
        return self.out(x)


loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def step_without_zip(model: Classifier, optimizer: keras.optimizers.Optimizer, x, y):
    """`optimizer.step()` knows its parameters; `apply_gradients` has to be told."""
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(gradients)  # XFR201
    return loss


def step_asking_the_tape_twice(model: Classifier, optimizer: keras.optimizers.Optimizer, x, y):
    """`weight.grad` may be read again for the log; the tape is gone after its first answer."""
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    print("gradient norm:", tf.norm(tape.gradient(loss, model.out.kernel)))  # XFR203
    return loss


def train_step(model: Classifier, optimizer: keras.optimizers.Optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


def train(model: Classifier, x, y, epochs=20, batch=32):
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    step = tf.function(train_step)
    for _ in range(epochs):
        for start in range(0, len(x), batch):
            loss = step(model, optimizer, x[start : start + batch], y[start : start + batch])
    return float(loss)


def accuracy(model: Classifier, x, y):
    return float(np.mean(np.argmax(model(x, training=False), axis=1) == y))


def attempt(what, action):
    """Print what the action says, or the error it ends in."""
    try:
        print(f"{what}: {action()}")
    except Exception as error:
        print(f"{what}: {type(error).__name__}: {str(error).strip().splitlines()[0]}")


def saved_and_loaded(model: Classifier):
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "classifier.weights.h5"))
        model.save_weights(path)
        model.load_weights(path)
    return "ran"


def main():
    keras.utils.set_random_seed(0)
    x, y = make_data()
    model = Classifier()
    model(x[:1])  # makes the weights
    optimizer = keras.optimizers.SGD(0.1)
    attempt("first attempt", lambda: step_without_zip(model, optimizer, x, y))
    attempt("second attempt", lambda: step_asking_the_tape_twice(model, optimizer, x, y))

    loss = train(model, x, y)
    print(f"third attempt: last loss {loss:.3f}, accuracy {accuracy(model, x, y):.2f}")
    in_training = keras.ops.convert_to_numpy(model(x[:1], training=True))
    print(f"dropout acts in training: {not np.allclose(in_training, model(x[:1], training=False))}")
    print(f"built: {model.built}")
    attempt("parameters", model.count_params)
    attempt("weights saved and loaded", lambda: saved_and_loaded(model))


if __name__ == "__main__":
    main()
