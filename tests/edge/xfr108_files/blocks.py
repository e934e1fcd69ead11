from keras import layers


def conv_block(x, filters):
    x = layers.Conv2D(filters, 3)(x)
    return layers.ReLU()(x)


def pool_block(x):
    return layers.ReLU()(layers.MaxPooling2D()(x))


def make_head(units):
    return layers.Dense(units)
