import enas
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


# -- told by others, or perhaps not there ----------------------------------------------------------


class TrainedElsewhere(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = keras.layers.BatchNormalization()

    def call(self, x):
        return self.norm(x)


search = enas.ArchitectureTrainer(TrainedElsewhere(), epochs=3)


class Wrapped(TrainedElsewhere):
    def call(self, x):
        return self.norm(x) + 1


wrapped = Wrapped()
estimator = enas.ArchitectureTrainer(model=wrapped, epochs=3)


class Summarised(TrainedElsewhere):
    def call(self, x):  # XFR305
        return self.norm(x) * 2


summarised = Summarised()
enas.count_parameters(summarised)
summarised.compile("sgd", "mse")


def norm_of(name):
    if name == "batch":
        return keras.layers.BatchNormalization()
    return keras.layers.GroupNormalization()


class Chosen(keras.Model):
    def __init__(self, norm="group", with_dropout=False):
        super().__init__()
        self.norm = norm_of(norm)
        self.body = keras.Sequential([keras.layers.Dense(4), norm_of(norm)])
        self.drop = keras.layers.Dropout(0.5) if with_dropout else None

    def call(self, x):
        x = self.body(self.norm(x))
        return x if self.drop is None else self.drop(x)


class ChosenAndNot(keras.Model):
    def __init__(self, norm="group"):
        super().__init__()
        self.norm = norm_of(norm)
        self.drop = keras.layers.Dropout(0.5)

    def call(self, x):  # XFR305
        return self.drop(self.norm(x))


class DropPath(keras.layers.Layer):
    def call(self, x, training=True):
        if training:
            return x * tf.cast(tf.random.uniform((tf.shape(x)[0], 1)) < 0.9, "float32") / 0.9
        return x


class OnUnlessTold(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop_path = DropPath()

    def call(self, x):
        return self.drop_path(x)
