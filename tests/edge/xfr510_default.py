import keras

keras.config.set_image_data_format("channels_first")
net = keras.Sequential([keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization()])  # XFR510
other = keras.Sequential([keras.layers.Dense(4), keras.layers.BatchNormalization()])
