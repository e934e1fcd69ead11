# one spelling
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

net = keras.Sequential([keras.layers.Dense(8), keras.layers.Dropout(0.5)])
net.train()  # XFR308
print(net([[1.0]]))
