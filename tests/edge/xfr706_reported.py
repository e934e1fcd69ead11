"""Shapes in which a class that load_model does not know was reported, fixed in the file beside it."""

import keras
from keras.layers import Dense, Layer
from keras.models import Sequential, load_model

# -- as reported in keras-team/keras#8612: saved and loaded in one script -----------------------------


class MyLayer(Layer):
    def __init__(self, output_dim, **kwargs):
        super(MyLayer, self).__init__(**kwargs)
        self.output_dim = output_dim

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[1], self.output_dim))

    def call(self, x):
        return keras.ops.matmul(x, self.kernel)


model = Sequential()
model.add(Dense(32))
model.add(MyLayer(100))
model.build((None, 784))
model.save("model_test.keras")
again = load_model("model_test.keras")  # XFR706


# -- the same in a function, the graph functional ------------------------------------------------------


class Scale(Layer):
    def call(self, x):
        return x * 2.0


def save_and_load(path):
    inputs = keras.Input((4,))
    net = keras.Model(inputs, Dense(1)(Scale()(inputs)))
    net.save(f"{path}/net.keras")
    return keras.models.load_model(f"{path}/net.keras")  # XFR706
