"""Bugs of models that `fit` trains, by a train_step of their own or Keras', on TensorFlow."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

CLASSES = 3


def batch(samples=16):
    random = np.random.default_rng(0)
    x = random.normal(size=(samples, 8)).astype("float32")
    return x, random.integers(0, CLASSES, samples)


def logits_loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def compiled(model, loss=None, optimizer="adam", x=None, y=None, **how):
    model.compile(optimizer, loss or logits_loss())
    inputs, targets = batch()
    return model, inputs if x is None else x, targets if y is None else y, how


def mlp(*middle, outputs=CLASSES, activation=None, **first):
    return keras.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(16, "relu", **first),
            *middle,
            layers.Dense(outputs, activation),
        ]
    )


def of(kind, outputs=CLASSES, activation=None, **first):
    """A functional model of a class of its own."""
    inputs = keras.Input((8,))
    hidden = layers.Dense(16, "relu", **first)(inputs)
    return kind(inputs, layers.Dense(outputs, activation)(hidden))


def softmax_of_one_unit():
    """Keras' losses go back to the logits behind the softmax, so that it even learns."""
    y = (batch()[1] > 0).astype("float32")
    return compiled(mlp(outputs=1, activation="softmax"), "binary_crossentropy", y=y)


def crossentropy_of_one_class():
    y = (batch()[1] > 0).astype("float32")[:, None]
    return compiled(mlp(outputs=1, activation="sigmoid"), "categorical_crossentropy", y=y)


def softmax_over_the_height():
    random = np.random.default_rng(0)
    x = random.normal(size=(4, 6, 6, 2)).astype("float32")
    model = keras.Sequential([layers.Input((6, 6, 2)), layers.Conv2D(3, 1), layers.Softmax(axis=1)])
    y = random.integers(0, 3, (4, 6, 6))
    return compiled(model, "sparse_categorical_crossentropy", x=x, y=y)


class Distiller(keras.Model):
    """As in Keras' own example: the teacher is not frozen, and runs in front of the tape."""

    def __init__(self, raw=False):
        super().__init__()
        self.student, self.teacher, self.raw = mlp(), mlp(layers.Dropout(0.2)), raw
        self.divergence = keras.losses.KLDivergence()

    def call(self, x, training=None):
        return self.student(x, training=training)

    def train_step(self, data):
        x, y = data
        of_teacher = self.teacher(x, training=False)
        with tf.GradientTape() as tape:
            found = self.student(x, training=True)
            pair = (of_teacher, found) if self.raw else map(tf.nn.softmax, (of_teacher, found))
            loss = self.compute_loss(y=y, y_pred=found) + self.divergence(*pair)
        weights = self.student.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


def divergence_of_logits():
    return compiled(Distiller(raw=True))


class ToldOff(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(16, "relu")
        self.drop = layers.Dropout(0.3)
        self.out = layers.Dense(CLASSES)

    def call(self, x, training=None):
        return self.out(self.drop(self.hidden(x), training=False))


def dropout_told_off():
    return compiled(ToldOff())


class Twice(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True)) + tf.add_n(self.losses)
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


def regulariser_twice():
    return compiled(of(Twice, kernel_regularizer="l2"))


class Accumulating(keras.Model):
    """Averages the gradients of two steps."""

    def __init__(self, *args, clears=True, **kwargs):
        super().__init__(*args, **kwargs)
        self.clears = clears
        self.count = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False)
        self.sums = [
            self.add_weight(shape=weight.shape, initializer="zeros", trainable=False)
            for weight in self.trainable_variables
        ]

    def train_step(self, data):
        x, y = data
        self.count.assign_add(1)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        for total, gradient in zip(self.sums, gradients, strict=True):
            total.assign_add(gradient / 2)
        tf.cond(self.count.value % 2 == 0, self.flush, lambda: None)
        return {"loss": loss}

    def flush(self):
        self.optimizer.apply([total.value for total in self.sums], self.trainable_variables)
        for total in self.sums if self.clears else ():
            total.assign(ops.zeros_like(total))


def accumulating(clears):
    inputs = keras.Input((8,))
    model = Accumulating(inputs, layers.Dense(CLASSES)(inputs), clears=clears)
    case = compiled(model, optimizer=keras.optimizers.SGD(0.1))
    model.optimizer.build(model.trainable_variables)
    return case


def average_never_cleared():
    return accumulating(clears=False)


class Shuffling(keras.Model):
    def train_step(self, data):
        x, y = data
        order = keras.random.shuffle(tf.range(tf.shape(x)[0]))
        return super().train_step((tf.gather(x, order), y))


def inputs_shuffled():
    """The loss starts at the logits behind the softmax, not at what the model returned."""
    return compiled(of(Shuffling, activation="softmax"), "sparse_categorical_crossentropy")


class Gain(layers.Layer):
    def __init__(self, units=16, gain=1.0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.gain = units, gain

    def call(self, x):
        return self.gain * x

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def argument_left_out_of_get_config():
    return compiled(mlp(Gain(gain=3.0)))


class Centre(layers.Layer):
    mean = None

    def call(self, x):
        return x if self.mean is None else x - self.mean

    def get_config(self):
        return super().get_config()


def statistics_in_an_attribute():
    centre = Centre()
    centre.mean = tf.constant(np.arange(16, dtype="float32"))
    return compiled(mlp(centre))


class Half(keras.Model):
    """Its optimizer trains one of two layers, and neither is frozen."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.used, self.other = layers.Dense(CLASSES), layers.Dense(CLASSES)

    def call(self, x):
        return self.used(x) + self.other(x)

    def get_config(self):
        return {}

    def train_step(self, data):
        x, y = data
        fixed = self(x) - self.used(x)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self.used(x) + fixed)
        weights = self.used.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


def optimizer_of_a_part():
    return compiled(Half())


class Gan(keras.Model):
    """Without a `call`, as in Keras' own example."""

    def __init__(self, steps_discriminator=True):
        super().__init__()
        self.generator = keras.Sequential([layers.Input((2,)), layers.Dense(8, "relu")])
        self.generator.add(layers.Dense(8))
        self.discriminator = mlp(outputs=1)
        self.steps_discriminator = steps_discriminator

    def compile(self, for_discriminator, for_generator):
        super().compile()
        self.for_discriminator, self.for_generator = for_discriminator, for_generator
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

    def train_step(self, data):
        real = data[0] if isinstance(data, tuple) else data
        size = tf.shape(real)[0]
        noise = keras.random.normal((size, 2))
        both = tf.concat([self.generator(noise), real], 0)
        with tf.GradientTape() as tape:
            labels = tf.concat([tf.zeros((size, 1)), tf.ones((size, 1))], 0)
            of_discriminator = self.loss_fn(labels, self.discriminator(both))
        weights = self.discriminator.trainable_weights
        if self.steps_discriminator:
            self.for_discriminator.apply(tape.gradient(of_discriminator, weights), weights)
        with tf.GradientTape() as tape:
            fooled = self.discriminator(self.generator(noise))
            of_generator = self.loss_fn(tf.ones((size, 1)), fooled)
        weights = self.generator.trainable_weights
        self.for_generator.apply(tape.gradient(of_generator, weights), weights)
        return {"d_loss": of_discriminator, "g_loss": of_generator}


def gan(**how):
    model = Gan(**how)
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    return model, batch()[0] + 1, None, {}


def discriminator_never_stepped():
    return gan(steps_discriminator=False)


class SimSiam(keras.Model):
    """`call` leaves the predictor to train_step, which is first to build it.

    No ReLU: on so few units one may be all zeros, where a cosine has a gradient of a million.
    """

    def __init__(self, stops_all=False):
        super().__init__()
        self.stops_all = stops_all
        self.backbone = keras.Sequential([layers.Dense(16, "tanh"), layers.Dense(4)])
        self.predictor = keras.Sequential([layers.Dense(4, "tanh"), layers.Dense(4)])
        self.noise = layers.GaussianNoise(0.1)

    def call(self, x):
        return self.backbone(x)

    def train_step(self, data):
        x = data[0] if isinstance(data, tuple) else data
        with tf.GradientTape() as tape:
            pair = [self.backbone(self.noise(x, training=True)) for _ in range(2)]
            fixed = [tf.stop_gradient(each) for each in pair]
            pair = fixed if self.stops_all else pair
            near = [self.predictor(each) for each in pair]
            similarity = keras.losses.cosine_similarity
            loss = tf.reduce_mean(similarity(fixed[1], near[0]) + similarity(fixed[0], near[1]))
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


def simsiam(**how):
    model = SimSiam(**how)
    model.compile(keras.optimizers.SGD(0.005))
    return model, batch()[0], None, {}


def both_branches_stopped():
    return simsiam(stops_all=True)


def attention_over_the_batch():
    """Fresh from its initialiser an embedding is small, and so is what the samples mix."""
    inputs = keras.Input((6,), dtype="int32")
    hidden = layers.Embedding(9, 4)(inputs)
    weights = layers.Softmax(axis=0)(layers.Dense(1)(hidden))
    output = layers.Dense(1, "sigmoid")(ops.sum(hidden * weights, 1))
    x = np.random.default_rng(0).integers(0, 9, (12, 6))
    y = (x[:, 0] > 4).astype("float32")
    return compiled(keras.Model(inputs, output), "binary_crossentropy", x=x, y=y)


class Unweighted(keras.Model):
    def train_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


def class_weights_left_out():
    return compiled(of(Unweighted), class_weight={0: 1.0, 1: 5.0, 2: 1.0})


BUGS = [
    (softmax_of_one_unit, "loss-input", "it is given a softmax over one value", ""),
    (crossentropy_of_one_class, "loss-input", "over a single class it is 0", ""),
    (softmax_over_the_height, "loss-input", "probabilities over axis 1", ""),
    (divergence_of_logits, "loss-input", "it is given logits", "XFR407"),
    (dropout_told_off, "modes", "passes training=False on", ""),
    (regulariser_twice, "layer-losses", "they count twice", ""),
    (average_never_cleared, "fresh-gradients", "never clears the gradients", ""),
    (inputs_shuffled, "pairing", "stand in different orders", ""),
    (argument_left_out_of_get_config, "save-load", "get_config leaves out Gain.gain", ""),
    (statistics_in_an_attribute, "save-load", "no weight holds Centre.mean", ""),
    (optimizer_of_a_part, "save-load", "it trains 2 of the model's 4 trainable weights", ""),
    (discriminator_never_stepped, "updates", "never asks the tape", ""),
    (both_branches_stopped, "gradients", "the graph is cut between backbone", "XFR221"),
    (attention_over_the_batch, "batch-independence", "a softmax, mean or norm over axis 0", ""),
    (class_weights_left_out, "pairing", "train_step leaves the weights out", ""),
]
