import keras
from keras import layers


class Residual(layers.Layer):
    def __init__(self, inner, scale=1.0):  # XFR904
        super().__init__()
        self.inner, self.scale = inner, scale

    def call(self, x):
        return x + self.scale * self.inner(x)


class Apply(layers.Layer):
    def __init__(self, function):  # XFR904
        super().__init__()
        self.function = function

    def call(self, x):
        return self.function(x)


class Pair(keras.Model):
    def __init__(self, encoder, *, decoder):  # XFR904
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def call(self, x):
        return self.decoder(self.encoder(x))


def build():
    encoder = keras.Sequential([layers.Dense(4)])
    decoder = keras.Sequential([layers.Dense(8)])
    stack = [Residual(inner=layers.Dense(8)), Apply(lambda x: x * 2)]
    return Pair(encoder, decoder=decoder), stack


# -- what Keras saves by itself --------------------------------------------------------------------


class Plain(layers.Layer):
    def __init__(self, units, activation="relu", sizes=(1, 2)):
        super().__init__()
        self.dense = layers.Dense(units, activation=activation)
        self.sizes = sizes

    def call(self, x):
        return self.dense(x)


class Written(layers.Layer):
    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def get_config(self):
        return {**super().get_config(), "inner": keras.saving.serialize_keras_object(self.inner)}


class Child(Written):
    def __init__(self, inner, **kwargs):
        super().__init__(inner, **kwargs)


class NotSeen(layers.Layer):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner


class Holder:
    def __init__(self, inner):
        self.inner = inner


made = [Plain(4), Plain(8, activation="gelu"), Written(layers.Dense(2)), Child(layers.Dense(2))]
holder = Holder(layers.Dense(4))
