import keras


def monte_carlo(rate=0.5):
    inputs = keras.Input((8,))
    x = keras.layers.Dense(8)(inputs)
    x = keras.layers.Dropout(rate)(x, training=True)  # XFR906
    x = keras.layers.GaussianNoise(0.1)(x, training=True)  # XFR906
    x = keras.layers.Dense(8)(x, training=True)
    return keras.Model(inputs, x)


def transfer():
    base = keras.applications.ResNet50(include_top=False)
    inputs = keras.layers.Input((64, 64, 3))
    x = base(inputs, training=False)  # XFR906
    return keras.Model(inputs, keras.layers.Dense(2)(x))


def norm():
    inputs = keras.Input(shape=(4,))
    layer = keras.layers.BatchNormalization()
    return keras.Model(inputs, layer(keras.layers.Dense(4)(inputs), training=False))  # XFR906


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop = keras.layers.Dropout(0.5)
        self.body = monte_carlo()

    def call(self, x):
        return self.body(self.drop(x, training=True), training=False)


def on_data(x):
    model = monte_carlo()
    return model(x, training=True), model(x, training=False)


class Gan:
    def __init__(self):
        self.generator = keras.Sequential([keras.layers.Dropout(0.5)])
        noise = keras.Input((8,))
        self.graph = keras.Model(noise, self.generator(noise, training=True))


transfer().fit(None)
inputs = keras.Input((64, 64, 3))
predictor = keras.Model(inputs, transfer()(inputs, training=False))
