import keras

keras.config.set_image_data_format("channels_first")
net = keras.Sequential([keras.layers.Conv2D(8, 3, input_shape=(3, 32, 32))])
