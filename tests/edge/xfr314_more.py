import keras
from keras import layers


def classifier():
    inputs = keras.Input((8,))
    hidden = layers.Dense(8, name="hidden")(inputs)
    model = keras.Model(inputs, layers.Dense(2)(hidden))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def frozen_by_name(x, y):
    model = classifier()
    model.fit(x, y, epochs=2)
    model.get_layer("hidden").trainable = False  # XFR314
    model.fit(x, y, epochs=2)


def frozen_by_name_rightly(x, y):
    model = classifier()
    model.fit(x, y, epochs=2)
    model.get_layer("hidden").trainable = False
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=2)


def last_blocks(x, y):
    model = keras.Sequential([layers.Dense(8), layers.Dense(8), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, y)
    for block in model.layers[-2:]:
        block.trainable = True  # XFR314
    model.fit(x, y)


def last_blocks_rightly(x, y):
    model = keras.Sequential([layers.Dense(8), layers.Dense(8), layers.Dense(1)])
    for block in model.layers[-2:]:
        block.trainable = True
    model.compile("sgd", "mse")
    model.fit(x, y)
