import keras

net = keras.Sequential([keras.layers.Conv2D(8, 3, input_shape=(3, 32, 32))])  # XFR907
inputs = keras.Input(shape=(1, 28, 28))
conv = keras.layers.Conv2D(8, 3)  # XFR907
outputs = conv(inputs)
pooled = keras.layers.MaxPooling2D()(keras.Input((4, 16, 16)))  # XFR907
grown = keras.Sequential()
grown.add(keras.Input((3, 64, 64)))
grown.add(keras.layers.Conv2D(4, 3))  # XFR907


separable = keras.layers.SeparableConv2D(4, 3, input_shape=[3, 48, 48])  # XFR907
images = keras.layers.Input([3, 224, 224])
features = keras.layers.Conv2D(64, 7, strides=2)(images)  # XFR907

# -- right -----------------------------------------------------------------------------------------

keras.Sequential([keras.layers.Conv2D(8, 3, input_shape=(32, 32, 3))])
keras.Sequential([keras.layers.Conv2D(8, 3, input_shape=(3, 3, 32))])
keras.Sequential([keras.layers.Dense(8, input_shape=(3, 32, 32))])
keras.layers.Conv2D(8, 3)(keras.Input((2, 32, 32)))
keras.layers.Conv2D(8, 3)(keras.layers.Permute((2, 3, 1))(keras.Input((3, 32, 32))))
