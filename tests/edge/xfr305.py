import keras
import tensorflow as tf


class WithKwargs(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = keras.Sequential([keras.layers.Dense(4), keras.layers.Dropout(0.2)])

    def call(self, x, **kwargs):  # XFR305
        return self.body(x)


class Base(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()


class Inherits(Base):
    def call(self, x):  # XFR305
        return self.norm(x)


class InAList(keras.Model):
    def __init__(self):
        super().__init__()
        self.steps = []
        for _ in range(3):
            self.steps.append(keras.layers.Dense(4))
            self.steps.append(keras.layers.GaussianNoise(0.1))

    def call(self, x):  # XFR305
        for step in self.steps:
            x = step(x)
        return x


class Block(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.drop = keras.layers.Dropout(0.5)

    def call(self, x):
        return self.drop(x)


class Composed(keras.Model):
    def build(self, shape):
        self.block = Block()

    def call(self, x):  # XFR305
        return self.encode(x)

    def encode(self, x):
        return self.block(x)


def backbone(width):
    inputs = keras.Input((width,))
    outputs = keras.layers.SpatialDropout1D(0.1)(inputs)
    return keras.Model(inputs, outputs)


class ThroughAFactory(keras.Model):
    def __init__(self, width):
        super().__init__()
        self.backbone = backbone(width)

    def call(self, x):  # XFR305
        return self.backbone(x)


class Recurrent(keras.Model):
    def __init__(self):
        super().__init__()
        self.cell = keras.layers.Bidirectional(keras.layers.LSTM(8, dropout=0.3))

    def call(self, x):  # XFR305
        return self.cell(x)


class Takes(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop = keras.layers.Dropout(0.5)

    def call(self, x, training=None):
        return self.drop(x)


class OtherName(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop = keras.layers.Dropout(0.5)

    def call(self, x, is_training=False):
        return self.drop(x, training=is_training)


class NothingToSwitch(keras.Model):
    def __init__(self, act):
        super().__init__()
        self.act = act
        self.out = keras.layers.Dense(4)
        self.idle = keras.layers.Dropout(0.0)

    def call(self, x):
        return self.act(self.out(self.idle(x)))


class NotRun(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop = keras.layers.Dropout(0.5)
        self.out = keras.layers.Dense(4)

    def call(self, x):
        return self.out(x)

    def noisy(self, x):
        return self.drop(x, training=True)


class AlwaysOn(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop = keras.layers.Dropout(0.5)
        self.norms = [keras.layers.BatchNormalization() for _ in range(2)]

    def call(self, x):
        for norm in self.norms:
            x = norm(x, training=False)
        return self.drop(x, training=True)

    def copy_to(self, other):
        other.drop = self.drop


class OwnStep(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop = keras.layers.Dropout(0.5)

    def call(self, x):
        return self.drop(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}


class Part(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()

    def call(self, x):
        return self.norm(x)


class Whole(keras.Model):
    def __init__(self):
        super().__init__()
        self.parts = [Part() for _ in range(3)]

    def call(self, x, training=None):
        for part in self.parts:
            x = part(x)
        return x


class ByHand(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()

    def call(self, x):
        return self.norm(x)


def train(data):
    model = ByHand()
    for x, y in data:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        tape.gradient(loss, model.trainable_variables)


class Fits(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()

    def call(self, x):
        return self.norm(x)

    def learn(self, x):
        return self(x, training=True)


class InASequential(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()

    def call(self, x):
        return self.norm(x)


def stacked():
    net = keras.Sequential([keras.layers.Dense(4), InASequential()])
    net.add(InASequential())
    return net


class ResidualBlock(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()

    def call(self, x):
        return x + self.norm(x)


class ConvNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()

    def call(self, x):  # XFR305
        return self.norm(x)


ConvNet().compile("sgd", "mse")
