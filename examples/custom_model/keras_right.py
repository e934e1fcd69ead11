"""A model of one's own and its training loop: TensorFlow 2 and Keras.

Run with `python examples/custom_model/keras_right.py`; `torch_right.py` is its port.
"""

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

    def call(self, x, training=None):
        for layer in self.hidden:
            x = self.drop(layer(x), training=training)
        return self.out(x)


loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


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


def main():
    keras.utils.set_random_seed(0)
    x, y = make_data()
    model = Classifier()
    loss = train(model, x, y)
    print(f"last loss {loss:.3f}, accuracy {accuracy(model, x, y):.2f}")
    in_training = keras.ops.convert_to_numpy(model(x[:1], training=True))
    print(f"dropout acts in training: {not np.allclose(in_training, model(x[:1], training=False))}")
    print(f"built: {model.built}, parameters: {model.count_params()}")


if __name__ == "__main__":
    main()
