import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
from keras import layers

model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(4, "softmax")])
model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))  # XFR403
