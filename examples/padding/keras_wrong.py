"""torch_right.EvenlyPadded ported to Keras with the padding that suggests itself.

Run with `python examples/padding/keras_wrong.py`; `keras_right.EvenlyPadded` is the repaired port.
"""

import keras
import numpy as np
import tensorflow as tf


class EvenlyPadded(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = keras.layers.Conv2D(4, 3, strides=2, padding="same")  # XFR502
        self.conv2 = keras.layers.Conv2D(8, 3, strides=2, padding="same")  # XFR502
        self.flatten = keras.layers.Flatten()
        self.out = keras.layers.Dense(3)

    def call(self, x):
        x = tf.nn.relu(self.conv1(x))
        x = tf.nn.relu(self.conv2(x))
        return self.out(self.flatten(x))


def load_from_torch(model: keras.Model, state):
    """Every kernel turned into Keras' axes; the shapes fit, so nothing complains."""
    for layer, name in (model.conv1, "conv1"), (model.conv2, "conv2"):
        kernel = state[f"{name}.weight"].transpose(2, 3, 1, 0)
        layer.set_weights([kernel, state[f"{name}.bias"]])
    model.out.set_weights([state["out.weight"].T, state["out.bias"]])  # XFR506


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
    model = EvenlyPadded()
    print(f"the shapes fit: {tuple(model(np.zeros((1, 16, 16, 1))).shape)}")
    load_from_torch(model, torch_state())
    seen = np.array(model.conv1(np.ones((1, 4, 4, 1))))[0, :, :, 0].astype(int)
    print(f"  pixels seen: {seen.tolist()}, by PyTorch's padding=1: [[4, 6], [6, 9]]")
    rows = model.out.kernel.numpy()[:, 0].tolist()
    pixel, channel = divmod(rows.index(1), 8)
    print(f"PyTorch's weight for channel 0, pixel 1 meets channel {channel}, pixel {pixel}")


if __name__ == "__main__":
    main()
