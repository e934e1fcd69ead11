import keras

from blocks import conv_block, make_head, pool_block


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = make_head(4)

    def call(self, x):
        x = conv_block(x, 8)  # XFR108
        x = make_head(8)(x)  # XFR108
        return self.head(pool_block(x))
