from tensorflow import keras


def build():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


class Base(keras.Model):
    def ready(self):
        self.compile("sgd", "mse")
        return self
