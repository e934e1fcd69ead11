"""Padding under stride 2: Keras, with its own way of padding and with that of PyTorch.

Run with `python examples/padding/keras_right.py`; `torch_right.py` has the same two models.
"""

import keras
import numpy as np
import tensorflow as tf


class EvenlyPadded(keras.Model):
    """The model of a PyTorch user: images (N, 16, 16, 1), one pixel of padding on every side."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pad = keras.layers.ZeroPadding2D(1)
        self.conv1 = keras.layers.Conv2D(4, 3, strides=2)
        self.conv2 = keras.layers.Conv2D(8, 3, strides=2)
        self.flatten = keras.layers.Flatten()
        self.out = keras.layers.Dense(3)

    def call(self, x):
        x = tf.nn.relu(self.conv1(self.pad(x)))
        x = tf.nn.relu(self.conv2(self.pad(x)))
        return self.out(self.flatten(x))


class SamePadded(keras.Model):
    """Images (N, 16, 16, 1) to three logits; "same" pads what the stride leaves over."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = keras.layers.Conv2D(4, 3, strides=2, padding="same")
        self.conv2 = keras.layers.Conv2D(8, 3, strides=2, padding="same")
        self.flatten = keras.layers.Flatten()
        self.out = keras.layers.Dense(3)

    def call(self, x):
        x = tf.nn.relu(self.conv1(x))
        x = tf.nn.relu(self.conv2(x))
        return self.out(self.flatten(x))


def load_from_torch(model: EvenlyPadded, state):
    """Take over the arrays of a PyTorch `state_dict`."""
    for layer, name in (model.conv1, "conv1"), (model.conv2, "conv2"):
        kernel = state[f"{name}.weight"].transpose(2, 3, 1, 0)
        layer.set_weights([kernel, state[f"{name}.bias"]])
    # PyTorch flattens (channels, rows, columns), Keras (rows, columns, channels).
    kernel = state["out.weight"].reshape(3, 8, 4, 4).transpose(2, 3, 1, 0).reshape(128, 3)
    model.out.set_weights([kernel, state["out.bias"]])


def torch_state():
    """Arrays as in `torch_right.EvenlyPadded().state_dict()`.

    The first kernel is all ones; each weight of the linear layer is its own position.
    """
    shapes = {"conv1.bias": 4, "conv2.weight": (8, 4, 3, 3), "conv2.bias": 8, "out.bias": 3}
    state = {name: np.zeros(shape, "float32") for name, shape in shapes.items()}
    state["conv1.weight"] = np.ones((4, 1, 3, 3), "float32")
    state["out.weight"] = np.tile(np.arange(128, dtype="float32"), (3, 1))
    return state


def main():
    channels = np.array([[[0, 10], [1, 11]], [[2, 12], [3, 13]]])
    print(f"channels 0-3 and 10-13 flattened: {channels.flatten().tolist()}")
    print("pixels of an image of ones that each place of a 3 x 3 kernel sees at stride 2:")
    model = EvenlyPadded()
    model(np.zeros((1, 16, 16, 1)))  # makes the weights
    load_from_torch(model, torch_state())
    for size in 4, 5:
        image, kernel = np.ones((1, size, size, 1), "float32"), np.ones((3, 3, 1, 1), "float32")
        same = np.array(tf.nn.conv2d(image, kernel, 2, "SAME"))[0, :, :, 0].astype(int)
        evenly = np.array(model.conv1(model.pad(image)))[0, :, :, 0].astype(int)
        print(f'  {size} x {size}, "same": {same.tolist()}')
        print(f"  {size} x {size}, padded as PyTorch's padding=1: {evenly.tolist()}")
    rows = model.out.kernel.numpy()[:, 0].tolist()
    pixel, channel = divmod(rows.index(1), 8)
    print(f"PyTorch's weight for channel 0, pixel 1 meets channel {channel}, pixel {pixel}")


if __name__ == "__main__":
    main()
