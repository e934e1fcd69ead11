import keras
import tensorflow as tf


class Block(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = keras.layers.Conv2D(4, 3, data_format="channels_first")
        self.norm = keras.layers.BatchNormalization(momentum=0.9)  # XFR510
        self.group = keras.layers.GroupNormalization(2)  # XFR510
        self.join = keras.layers.Concatenate()  # XFR510
        self.right = keras.layers.BatchNormalization(axis=1)

    def call(self, x):
        x = tf.nn.relu(self.conv(x))
        a = self.norm(x)
        b = self.group(self.conv(x))
        return self.join([x, self.conv(x)]), a, b, self.right(x)


net = keras.Sequential(
    [
        keras.layers.Conv2D(4, 3, data_format="channels_first"),
        keras.layers.ReLU(),
        keras.layers.BatchNormalization(),  # XFR510
    ]
)
stack = keras.Sequential()
stack.add(keras.layers.MaxPooling2D(2, data_format="channels_first"))
stack.add(keras.layers.BatchNormalization())  # XFR510
inputs = keras.Input((3, 8, 8))
x = keras.layers.Conv2D(4, 3, data_format="channels_first")(inputs)
x = keras.layers.BatchNormalization()(x)  # XFR510

# -- right -----------------------------------------------------------------------------------------

right = keras.Sequential(
    [
        keras.layers.Conv2D(4, 3, data_format="channels_first"),
        keras.layers.BatchNormalization(axis=1),
        keras.layers.Flatten(),
        keras.layers.Dense(8),
        keras.layers.BatchNormalization(),
    ]
)
last = keras.Sequential([keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization()])


def configured(x, data_format, **options):
    x = keras.layers.Conv2D(4, 3, data_format=data_format)(x)
    y = keras.layers.Conv2D(4, 3, data_format="channels_first")(x)
    z = keras.layers.BatchNormalization(**options)(y)
    y = keras.layers.Permute((2, 3, 1))(y)
    return keras.layers.BatchNormalization()(x), keras.layers.BatchNormalization()(y), z
