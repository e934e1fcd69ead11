import tf_keras as keras


class Block(keras.layers.Layer):
    def __init__(self, path):
        super().__init__()
        self.path = path
        self.losses = []  # XFR112
