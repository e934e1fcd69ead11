"""Sound look-alikes of `planted/keras_research.py`."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ..planted.keras_research import Ensemble, adapted, played, trained, with_two_optimizers
from ..planted.keras_tape import batch, cross_entropy, mlp


def scorer():
    return keras.Sequential([layers.Input((8,)), layers.Dense(16, "tanh"), layers.Dense(1)])


def all_pairs_ranked():
    """Each relevant document against each other one: an axis is put in for that."""
    model = scorer()

    def loss(x, others):
        scores, against = model(x)[:, 0], model(others)[:, 0]
        return tf.reduce_mean(tf.nn.relu(1 - (scores[:, None] - against)))

    return trained(model, batch()[0], batch()[0], loss)


def distances_between_all():
    """|a|^2 + |b|^2 - 2ab of shapes (n, 1), (n,) and (n, n), as a kernel has them."""
    model = mlp()

    def distances(a, b):
        squares = tf.reduce_sum(a * a, 1, keepdims=True) + tf.reduce_sum(b * b, 1)
        return tf.maximum(squares - 2 * a @ tf.transpose(b), 0)

    def loss(x, others):
        a, b = model(x), model(others)
        return tf.reduce_mean(distances(a, b)) - tf.reduce_mean(distances(a, a)) / 2

    return trained(model, batch()[0], batch()[0] + 1, loss)


def scores_of_pairs_added():
    """A critic of pairs that adds two scores, and a softmax over all partners of a sample."""
    model = mlp()

    def loss(x, others):
        scores = model(x)[:, :1] + model(others)[:, 1] + model(x) @ tf.transpose(model(others))
        return cross_entropy(tf.range(len(x)), scores)

    x = batch()[0]
    return trained(model, x, x + 0.1, loss)


def advantage_of_a_vector():
    model, memory = played()

    def loss(memory, _):
        logits, values = model(memory["states"])
        values = tf.squeeze(values, 1)
        chosen = tf.gather(tf.nn.log_softmax(logits), memory["actions"], batch_dims=1)
        advantages = tf.stop_gradient(memory["returns"] - values)
        return tf.reduce_mean(tf.square(memory["returns"] - values) - chosen * advantages)

    return trained(model, memory, None, loss)


def broadcast_in_a_metric_alone():
    """What is only logged trains nothing."""
    model, log = scorer(), keras.metrics.Mean()

    def loss(x, y):
        outputs = model(x)
        log.update_state(tf.reduce_mean(tf.abs(outputs - y)))
        return tf.reduce_mean((outputs[:, 0] - y) ** 2)

    return trained(model, batch()[0], np.random.normal(size=16).astype("float32"), loss)


def adapter_of_zeros_once():
    return adapted("glorot_uniform")


def ensemble_of_which_all_are_trained():
    ensemble = Ensemble()
    ensemble(batch()[0])
    optimizers = [keras.optimizers.Adam(1e-2) for _ in ensemble.members]

    def step(x, y):
        losses = []
        for member, optimizer in zip(ensemble.members, optimizers, strict=True):
            with tf.GradientTape() as tape:
                losses.append(cross_entropy(y, member(x)))
            weights = member.trainable_variables
            pairs = zip(tape.gradient(losses[-1], weights), weights, strict=True)
            optimizer.apply_gradients(pairs)
        return sum(losses) / 3

    return ensemble, *batch(), {"step": step}


class Guarded(keras.Model):
    """A learner and a trainable judge of another training, which only the inputs' slopes need."""

    def __init__(self):
        super().__init__()
        self.learner, self.judge = mlp(), scorer()

    def call(self, x):
        return self.learner(x)


def slopes_of_a_judge():
    model, optimizer = Guarded(), keras.optimizers.Adam(1e-2)
    model(batch()[0])

    def step(x, y):
        x = tf.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            score = tf.reduce_sum(model.judge(x))
        x = x + 0.1 * tf.sign(tape.gradient(score, x))
        with tf.GradientTape() as tape:
            value = cross_entropy(y, model(x))
        weights = model.learner.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))
        return value

    return model, *batch(), {"step": step}


def rates_of_both_set():
    def set_rates(first, second):
        first.learning_rate = first.learning_rate * 0.99
        second.learning_rate.assign(second.learning_rate * 0.99)

    return with_two_optimizers(set_rates)


class FineTuned(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = keras.Sequential([layers.Dense(8), layers.BatchNormalization(), layers.ReLU()])
        self.head = layers.Dense(3)

    def call(self, x, training=None):
        return self.head(self.body(x, training=training))


def unfrozen_after_some_steps():
    """A frozen batch norm acts otherwise: each run has to begin with the body frozen."""
    model, optimizer = FineTuned(), keras.optimizers.Adam(1e-2)
    model(batch()[0])
    optimizer.build(model.trainable_variables)
    model.body.trainable = False
    count = {"steps": 0}

    def step(x, y):
        count["steps"] += 1
        model.body.trainable = model.body.trainable or count["steps"] > 4
        with tf.GradientTape() as tape:
            value = cross_entropy(y, model(x, training=True))
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))
        return value

    return model, *batch(), {"step": step}


def distance_in_a_lambda():
    """A Lambda comes back from a file without the names that its function uses."""
    tower = mlp()
    a, b = layers.Input((8,)), layers.Input((8,))
    apart = layers.Lambda(lambda pair: tf.reduce_sum((pair[0] - pair[1]) ** 2, 1, keepdims=True))
    model = keras.Model([a, b], apart([tower(a), tower(b)]))
    alike = (np.arange(16) % 2).astype("float32")[:, None]

    def loss(pair, alike):
        squares = model(pair)
        return tf.reduce_mean(alike * squares + (1 - alike) * tf.nn.relu(1 - squares))

    return trained(model, [batch()[0], batch()[0]], alike, loss)


def noise_of_numpy_by_a_function():
    """A numpy_function runs in the graph too."""
    model = mlp()

    def noisy(x):
        return x + np.random.normal(0, 0.01, x.shape).astype("float32")

    def loss(x, y):
        shaken = tf.ensure_shape(tf.numpy_function(noisy, [x], tf.float32), x.shape)
        return cross_entropy(y, model(shaken + tf.random.normal(x.shape, 0, 0.01)))

    model, x, y, how = trained(model, *batch(), loss)
    return model, x, y, {"step": tf.function(how["step"])}


SOUND = [
    adapter_of_zeros_once,
    advantage_of_a_vector,
    all_pairs_ranked,
    broadcast_in_a_metric_alone,
    distance_in_a_lambda,
    distances_between_all,
    ensemble_of_which_all_are_trained,
    noise_of_numpy_by_a_function,
    rates_of_both_set,
    scores_of_pairs_added,
    slopes_of_a_judge,
    unfrozen_after_some_steps,
]
