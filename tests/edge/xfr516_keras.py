import keras

flat = keras.Sequential([keras.layers.Reshape((-1, 784), input_shape=(28, 28))])  # XFR516
inputs = keras.Input((4, 6))
pixels = keras.layers.Reshape((-1, 24))(inputs)  # XFR516
grown = keras.Sequential()
grown.add(keras.Input((8, 8, 3)))
grown.add(keras.layers.Reshape([-1, 192]))  # XFR516
images = keras.layers.Reshape((-1, 4, 6))(inputs)  # XFR516

# -- right -----------------------------------------------------------------------------------------

keras.Sequential([keras.layers.Reshape((784,), input_shape=(28, 28))])
keras.layers.Reshape((-1, 3))(keras.Input((8, 8, 3)))
keras.layers.Reshape((24, -1))(inputs)
keras.layers.Reshape((-1,))(inputs)
keras.layers.Reshape((-1, 24))
keras.layers.Reshape((-1, 24))(keras.Input((None, 24)))


def build(x, size):
    return keras.layers.Reshape((-1, 784))(x), keras.layers.Reshape((-1, size))(inputs)
