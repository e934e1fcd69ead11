import keras
import tensorflow as tf
from tensorflow.keras import layers, regularizers
from tensorflow.keras.regularizers import l2

mse = keras.losses.MeanSquaredError()
opt = keras.optimizers.Adam()
plain = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
shrunk = keras.Sequential(
    [keras.Input((3,)), layers.Dense(8, kernel_regularizer="l2"), layers.Dense(1)]
)


# ---- mistakes, each with its fixed twin (a file that reads `.losses` is taken to know: see
# xfr226_fixed.py) -------------------------------------------------------------------------------


@tf.function
def step(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, shrunk(x, training=True))
    grads = tape.gradient(loss, shrunk.trainable_variables)  # XFR226
    opt.apply_gradients(zip(grads, shrunk.trainable_variables))


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(8, activation="relu", kernel_regularizer=l2(1e-4))
        self.out = layers.Dense(1)

    def call(self, x):
        return self.out(self.hidden(x))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((y - self(x, training=True)) ** 2)
        grads = tape.gradient(loss, self.trainable_variables)  # XFR226
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}


class Sparse(layers.Layer):
    def call(self, x):
        self.add_loss(1e-2 * tf.reduce_sum(tf.abs(x)))
        return x


class Trainer:
    def __init__(self):
        inputs = keras.Input((3,))
        hidden = Sparse()(layers.Dense(8)(inputs))
        self.model = keras.Model(inputs, layers.Dense(1)(hidden))
        self.optimizer = keras.optimizers.SGD(0.1)

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = mse(y, self.model(x, training=True))
        grads = tape.gradient(loss, self.model.trainable_weights)  # XFR226
        self.optimizer.apply_gradients(zip(grads, self.model.trainable_weights))


def build(decay):
    x = inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, kernel_regularizer=regularizers.L2(decay))(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(1)(x))


def train(x, y):
    model = build(1e-3)
    with tf.GradientTape() as tape:
        loss = compute(model, x, y)
    gradients = tape.gradient(loss, model.trainable_variables)  # XFR226
    opt.apply_gradients(zip(gradients, model.trainable_variables))


def compute(model, x, y):
    return mse(y, model(x, training=True))


def squeezed(x, y):
    model = keras.Sequential([layers.Dense(4), layers.ActivityRegularization(l1=0.1)])
    with tf.GradientTape() as tape:
        loss = mse(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)  # XFR226
    for variable, gradient in zip(model.trainable_variables, gradients):
        variable.assign_sub(0.1 * gradient)


class Pair(keras.Model):
    def __init__(self, encoder, decoder):  # XFR904
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = mse(data, self.decoder(self.encoder(data, training=True), training=True))
        learned = self.encoder.trainable_variables + self.decoder.trainable_variables
        gradients = tape.gradient(loss, learned)  # XFR226
        self.optimizer.apply_gradients(zip(gradients, learned))
        return {"loss": loss}


pair = Pair(
    keras.Sequential([layers.Dense(2, bias_regularizer=regularizers.l1(1e-3))]),
    keras.Sequential([layers.Dense(3)]),
)
pair.compile(optimizer=keras.optimizers.Adam())


# ---- look-alikes -------------------------------------------------------------------------------


def without(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, plain(x, training=True))
    grads = tape.gradient(loss, plain.trainable_variables)
    opt.apply_gradients(zip(grads, plain.trainable_variables))


def by_the_inputs(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = shrunk(x, training=False)
    return tape.gradient(score, x)


def other_half(x, y):
    with tf.GradientTape() as tape:
        loss = mse(y, plain(shrunk(x, training=False), training=True))
    grads = tape.gradient(loss, plain.trainable_variables)
    opt.apply_gradients(zip(grads, plain.trainable_variables))


class Block(keras.Model):
    def __init__(self, regularizer=None):
        super().__init__()
        self.dense = layers.Dense(1, kernel_regularizer=regularizer)

    def call(self, x):
        return self.dense(x)


def unregularised(x, y):
    block = Block()
    with tf.GradientTape() as tape:
        loss = mse(y, block(x, training=True))
    grads = tape.gradient(loss, block.trainable_variables)
    opt.apply_gradients(zip(grads, block.trainable_variables))
