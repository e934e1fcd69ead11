import keras


class Down(keras.layers.Layer):
    """In a folder that is named for no framework."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = keras.layers.Conv2D(8, 3, strides=2, padding="same")
