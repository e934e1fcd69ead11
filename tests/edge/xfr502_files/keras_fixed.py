import keras


class Stem(keras.layers.Layer):
    """Agrees with the torch one, which is therefore not odd; the other Keras one is on its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pad = keras.layers.ZeroPadding2D(1)
        self.conv = keras.layers.Conv2D(8, 3, strides=2)
