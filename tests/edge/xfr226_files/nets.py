import keras
from tensorflow.keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = layers.Dense(1, kernel_regularizer=keras.regularizers.L2(1e-4))

    def call(self, x):
        return self.out(x)
