"""Bugs of research code on TensorFlow: agents, adapters, ensembles, rates set by hand."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from .keras_tape import CLASSES, batch, cross_entropy, mlp


def trained(model, inputs, targets, loss, optimizer=None):
    """`loss(inputs, targets)` is minimised."""
    optimizer = optimizer or keras.optimizers.Adam(1e-2)

    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(x, y)
        weights = model.trainable_variables
        pairs = zip(tape.gradient(value, weights), weights, strict=True)
        optimizer.apply_gradients([(g, w) for g, w in pairs if g is not None])
        return value

    return model, inputs, targets, {"step": step}


class ActorCritic(keras.Model):
    def __init__(self):
        super().__init__()
        self.body, self.actor, self.critic = (
            layers.Dense(16, "tanh"),
            layers.Dense(3),
            layers.Dense(1),
        )

    def call(self, states):
        hidden = self.body(states)
        return self.actor(hidden), self.critic(hidden)


def played(samples=16):
    """States, actions and returns, as an agent's memory gives them out."""
    memory = {
        "states": np.random.normal(size=(samples, 4)).astype("float32"),
        "actions": np.arange(samples) % 3,
        "returns": np.random.normal(size=samples).astype("float32"),
    }
    model = ActorCritic()
    model(memory["states"])
    return model, memory


def advantage_of_a_column():
    model, memory = played()

    def loss(memory, _):
        logits, values = model(memory["states"])
        chosen = tf.gather(tf.nn.log_softmax(logits), memory["actions"], batch_dims=1)
        advantages = tf.stop_gradient(memory["returns"] - values)
        squares = tf.square(memory["returns"] - tf.squeeze(values, 1))
        return tf.reduce_mean(squares) - tf.reduce_mean(chosen * advantages)

    return trained(model, memory, None, loss)


def target_of_a_column():
    """Q-learning: the maximum keeps its axis, the value of the action taken does not."""
    model, after = mlp(), mlp()
    x, _ = batch()
    rewards = np.random.normal(size=len(x)).astype("float32")

    def loss(x, rewards):
        target = rewards[:, None] + 0.9 * tf.reduce_max(after(x), axis=1, keepdims=True)
        error = tf.abs(target - model(x)[:, 0])
        return tf.reduce_mean(tf.where(error < 1, error**2 / 2, error - 0.5))

    return trained(model, x, rewards, loss)


def weights_of_a_column():
    model, losses = mlp(), keras.losses.SparseCategoricalCrossentropy(True, reduction="none")
    weights = tf.constant([1.0, 2.0, 0.5])

    def loss(x, y):
        return tf.reduce_mean(losses(y, model(x)) * tf.gather(weights, y[:, None]))

    return trained(model, *batch(), loss)


def noise_with_an_axis_too_many():
    model = keras.Sequential([layers.Input((8,)), layers.Dense(16, "relu"), layers.Dense(8)])

    def loss(x, _):
        noise = tf.random.normal(x.shape)
        return tf.reduce_mean((noise[:, None] - model(x + noise)) ** 2)

    return trained(model, batch()[0], None, loss)


def rate_set_as_lr():
    optimizer, steps = keras.optimizers.Adam(1e-2), iter(range(10**6))
    model, x, y, how = trained(
        *(m := mlp(), *batch()), lambda x, y: cross_entropy(y, m(x)), optimizer
    )

    def step(x, y):
        optimizer.lr = 1e-2 / (1 + next(steps))
        return how["step"](x, y)

    return model, x, y, {"step": step}


def with_two_optimizers(set_rates):
    model = mlp()
    first, second = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-2)

    def step(x, y):
        set_rates(first, second)
        with tf.GradientTape() as tape:
            value = cross_entropy(y, model(x, training=True))
        weights = model.trainable_variables
        pairs = list(zip(tape.gradient(value, weights), weights, strict=True))
        first.apply_gradients(pairs[:2])
        second.apply_gradients(pairs[2:])
        return value

    return model, *batch(), {"step": step}


def rate_of_one_optimizer_zero():
    return with_two_optimizers(lambda first, second: first.learning_rate.assign(1 // 10))


def rate_warmed_up_in_whole_numbers():
    def set_rates(first, second):
        first.learning_rate.assign(1e-3 * (5 // 100))
        second.learning_rate.assign(1e-2 * (5 // 100))

    return with_two_optimizers(set_rates)


class Adapted(layers.Layer):
    """A frozen layer and a product of two small matrices beside it."""

    def __init__(self, base, start):
        super().__init__()
        self.base, self.start = base, start
        base.trainable = False

    def build(self, shape):
        self.base.build(shape)
        self.a = self.add_weight(shape=(shape[-1], 2), initializer=self.start, name="a")
        self.b = self.add_weight(shape=(2, self.base.units), initializer="zeros", name="b")

    def call(self, x):
        return self.base(x) + x @ self.a @ self.b


def adapted(start):
    parts = [layers.Input((8,)), Adapted(layers.Dense(8), start), layers.ReLU()]
    model = keras.Sequential([*parts, layers.Dense(CLASSES)])
    return trained(model, *batch(), lambda x, y: cross_entropy(y, model(x)))


def adapter_of_zeros_twice():
    return adapted("zeros")


class Ensemble(keras.Model):
    def __init__(self):
        super().__init__()
        self.members = [mlp() for _ in range(3)]

    def call(self, x):
        return sum(member(x) for member in self.members) / 3


def ensemble_of_which_the_last_one_is_trained():
    ensemble = Ensemble()
    ensemble(batch()[0])
    optimizers = [keras.optimizers.Adam(1e-2) for _ in ensemble.members]

    def step(x, y):
        for member, optimizer in zip(ensemble.members, optimizers, strict=True):  # noqa: B007
            with tf.GradientTape() as tape:
                value = cross_entropy(y, member(x))
        weights = member.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))
        return value

    return ensemble, *batch(), {"step": step}


class OfConstants(layers.Layer):
    """Keeps a copy of its weight, which is not the weight."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 8), name="kernel")
        self.matrix = tf.constant(np.array(self.kernel))

    def call(self, x):
        return x @ self.matrix


def weight_copied_when_built():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = OfConstants(), layers.Dense(CLASSES)

        def call(self, x):
            return self.last(tf.nn.tanh(self.first(x)))

    model = Net()
    model(batch()[0])
    return trained(model, *batch(), lambda x, y: cross_entropy(y, model(x)))


def layer_run_before_the_tape():
    model = mlp()
    body, head = model.layers

    def step(x, y):
        hidden = body(x)
        with tf.GradientTape() as tape:
            value = cross_entropy(y, head(hidden))
        weights = model.trainable_variables
        pairs = zip(tape.gradient(value, weights), weights, strict=True)
        optimizer.apply_gradients([(g, w) for g, w in pairs if g is not None])
        return value

    optimizer = keras.optimizers.Adam(1e-2)
    return model, *batch(), {"step": step}


def noise_of_numpy_beside_that_of_tensorflow():
    model = mlp()

    def loss(x, y):
        x = x + np.random.normal(0, 0.1, x.shape).astype("float32")
        return cross_entropy(y, model(x + tf.random.normal(x.shape, 0, 0.1)))

    model, x, y, how = trained(model, *batch(), loss)
    return model, x, y, {"step": tf.function(how["step"])}


BUGS = [
    (advantage_of_a_column, "shapes", "combined with every other sample", "XFR909"),
    (target_of_a_column, "shapes", "combined with every other sample", "XFR909"),
    (weights_of_a_column, "shapes", "combined with every other sample", "XFR909"),
    (noise_with_an_axis_too_many, "shapes", "combined with every other sample", "XFR909"),
    (rate_set_as_lr, "schedule", "an attribute that nothing reads", "XFR412"),
    (rate_of_one_optimizer_zero, "updates", "of the optimizer that updates them is 0", ""),
    (rate_warmed_up_in_whole_numbers, "updates", "the step sets that of Adam from", ""),
    (adapter_of_zeros_twice, "gradients", "all of them start at zero", ""),
    (ensemble_of_which_the_last_one_is_trained, "updates", "never asks the tape", ""),
    (weight_copied_when_built, "gradients", "sees no use of them", ""),
    (layer_run_before_the_tape, "gradients", "outside of every tape", "XFR221"),
    (noise_of_numpy_beside_that_of_tensorflow, "compiled", "np.random draws once", "XFR610"),
]
