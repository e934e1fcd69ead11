# one spelling
import keras


class Block(keras.layers.Layer):
    def __init__(self, path):
        super().__init__()
        self.path = path  # XFR112
