import keras


class Residual(keras.layers.Layer):
    def __init__(self, channels, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = keras.layers.Conv2D(channels, 3, strides=2, padding="same")  # XFR502
        self.conv2 = keras.layers.Conv2D(channels, 3, padding="same")


class Stem(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = keras.layers.Conv2D(8, 3, strides=2, padding="same")  # XFR502
