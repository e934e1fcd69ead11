"""Sound Keras training on TensorFlow: losses, loops and models of the same kinds as in torch."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

CLASSES = 3


def batch(samples=16):
    x = np.random.normal(size=(samples, 8)).astype("float32")
    return x, np.random.randint(0, CLASSES, samples)


def mlp(outputs=CLASSES, **first):
    return keras.Sequential(
        [layers.Input((8,)), layers.Dense(16, "tanh", **first), layers.Dense(outputs)]
    )


def cross_entropy(target, output):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)(target, output)


def square(target, output):
    return tf.reduce_mean((target - output) ** 2)


def stepper(model, loss=cross_entropy, optimizer=None, added=None):
    optimizer = optimizer or keras.optimizers.Adam(1e-2)

    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
            total = value + added() if added else value
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(total, weights), weights, strict=True))
        return total

    return step


def numbers(samples=16):
    return np.random.normal(size=(samples, 1)).astype("float32")


def tiny_loss():
    model = mlp(1)
    loss = lambda y, out: 1e-6 * square(y, out)  # noqa: E731
    return model, batch()[0], numbers(), {"step": stepper(model, loss)}


def huge_loss():
    model = mlp(1)
    loss = lambda y, out: 1e6 * square(y, out)  # noqa: E731
    return model, batch()[0], numbers(), {"step": tf.function(stepper(model, loss))}


def log_likelihood_below_zero():
    def loss(y, out):
        mean, spread = tf.split(out, 2, -1)
        return tf.reduce_mean(0.5 * (y - mean) ** 2 / tf.exp(spread) + 0.5 * spread)

    model = mlp(2)
    return model, batch()[0], 1e-2 * numbers(), {"step": stepper(model, loss)}


def contrastive():
    model, optimizer = mlp(4), keras.optimizers.Adam(1e-2)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            views = [
                tf.math.l2_normalize(model(x + 0.1 * tf.random.normal(tf.shape(x))), -1)
                for _ in range(2)
            ]
            scores = tf.matmul(*views, transpose_b=True) / 0.2
            loss = cross_entropy(tf.range(tf.shape(x)[0]), scores)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    return model, batch()[0], None, {"step": step}


def policy_gradient():
    def loss(advantage, logits):
        action = tf.random.categorical(logits, 1)[:, 0]
        chance = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=action, logits=logits)
        return tf.reduce_mean(chance * advantage[:, 0])

    model = mlp(4)
    return model, batch()[0], numbers(), {"step": stepper(model, loss)}


def regulariser_added():
    model = mlp(kernel_regularizer="l2")
    return model, *batch(), {"step": stepper(model, added=lambda: tf.add_n(model.losses))}


def regulariser_fitted():
    model = mlp(kernel_regularizer="l2", activity_regularizer="l2")
    model.compile("adam", cross_entropy)
    return model, *batch(), {}


def distillation():
    teacher, model = mlp(), mlp()
    kl = keras.losses.KLDivergence()

    def loss(y, out):
        wanted = tf.nn.softmax(teacher(loss.inputs, training=False))
        return kl(wanted, tf.nn.softmax(out)) + 0.1 * cross_entropy(y, out)

    inner = stepper(model, loss)

    def step(x, y):
        loss.inputs = x
        return inner(x, y)

    return model, *batch(), {"step": step}


def gradient_penalty():
    model, optimizer = mlp(), keras.optimizers.Adam(1e-3)

    def step(x, y):
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(x)
                out = model(x, training=True)
                total = tf.reduce_sum(out)
            slope = inner.gradient(total, x)
            loss = cross_entropy(y, out) + 0.1 * tf.reduce_mean(slope**2)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    return model, *batch(), {"step": step}


def two_optimizers_one_persistent_tape():
    model = mlp()
    first, second = keras.optimizers.SGD(0.1), keras.optimizers.Adam(1e-2)

    def step(x, y):
        with tf.GradientTape(persistent=True) as tape:
            loss = cross_entropy(y, model(x, training=True))
        for optimizer, layer in zip((first, second), model.layers, strict=True):
            weights = layer.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    return model, *batch(), {"step": step}


def clipped_by_global_norm():
    model, optimizer = mlp(), keras.optimizers.SGD(0.1)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = cross_entropy(y, model(x, training=True))
        weights = model.trainable_variables
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, weights), 0.1)
        optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return loss

    return model, *batch(), {"step": step}


def target_network():
    model, target = mlp(4), mlp(4)
    target.set_weights(model.get_weights())

    def loss(reward, out):
        wanted = reward[:, 0] + 0.5 * tf.reduce_max(target(loss.inputs), -1)
        return tf.reduce_mean((tf.stop_gradient(wanted) - out[:, 0]) ** 2)

    inner = stepper(model, loss, keras.optimizers.Adam(1e-3))

    def step(x, y):
        loss.inputs = x
        value = inner(x, y)
        for slow, fast in zip(target.variables, model.variables, strict=True):
            slow.assign(0.95 * slow + 0.05 * fast)
        return value

    return model, batch()[0], numbers(), {"step": step}


def averaged_by_the_optimizer():
    optimizer = keras.optimizers.Adam(1e-2, use_ema=True, ema_overwrite_frequency=5)
    model = mlp()
    return model, *batch(), {"step": stepper(model, optimizer=optimizer)}


def weights_clipped_after():
    model = mlp(1)
    inner = stepper(model, square)

    def step(x, y):
        loss = inner(x, y)
        for weight in model.trainable_variables:
            weight.assign(tf.clip_by_value(weight, -0.2, 0.2))
        return loss

    return model, batch()[0], 0.3 * numbers(), {"step": step}


def constrained_kernel():
    model = mlp(kernel_constraint=keras.constraints.UnitNorm(axis=0))
    return model, *batch(), {"step": stepper(model)}


def shuffled_together():
    model = mlp()
    inner = stepper(model)

    def step(x, y):
        order = tf.random.shuffle(tf.range(tf.shape(x)[0]))
        return inner(tf.gather(x, order), tf.gather(y, order))

    return model, *batch(), {"step": step}


def next_token():
    model = keras.Sequential([layers.Embedding(11, 6), layers.Dense(11)])
    loss = lambda y, out: cross_entropy(y[:, 1:], out[:, :-1])  # noqa: E731
    tokens = np.random.randint(0, 11, (6, 5))
    return model, tokens, tokens, {"step": stepper(model, loss)}


def sample_weights():
    weight = tf.linspace(0.0, 1.0, 16)
    each = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")
    model = mlp()
    loss = lambda y, out: tf.reduce_mean(weight * each(y, out))  # noqa: E731
    return model, *batch(), {"step": stepper(model, loss)}


class Residual(keras.Model):
    """A branch that starts at zero."""

    def __init__(self):
        super().__init__()
        self.inner = layers.Dense(16, "gelu")
        self.outer = layers.Dense(8, kernel_initializer="zeros")
        self.head = layers.Dense(CLASSES)

    def call(self, x):
        return self.head(x + self.outer(self.inner(x)))


def residual_starting_at_zero():
    model = Residual()
    return model, *batch(), {"step": stepper(model)}


def head_starting_at_zero():
    model = keras.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(16, "tanh"),
            layers.Dense(CLASSES, kernel_initializer="zeros"),
        ]
    )
    return model, *batch(), {"loss": "cross_entropy"}


class Stateful(keras.layers.Layer):
    """Counts and averages in variables that it updates while it is called."""

    def build(self, shape):
        self.mean = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False)

    def call(self, x, training=None):
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * keras.ops.mean(x, 0))
        return x - self.mean


def running_mean():
    model = keras.Sequential([layers.Input((8,)), Stateful(), layers.Dense(CLASSES)])
    return model, *batch(), {"step": stepper(model)}


def stateful_recurrent():
    model = keras.Sequential(
        [layers.Input((5, 4), batch_size=8), layers.GRU(6, stateful=True), layers.Dense(CLASSES)]
    )
    x = np.random.normal(size=(8, 5, 4)).astype("float32")
    return model, x, batch(8)[1], {"step": stepper(model)}


class Frozen(keras.Model):
    """A fixed network kept out of the weights on purpose."""

    def __init__(self):
        super().__init__()
        fixed = layers.Dense(8, trainable=False)
        self.fixed, self.head = (lambda x: fixed(x)), layers.Dense(CLASSES)

    def call(self, x):
        return self.head(self.fixed(x))


def fixed_part_in_a_function():
    model = Frozen()
    return model, *batch(), {"step": stepper(model)}


def class_and_sample_metrics():
    model = mlp()
    model.compile("adam", cross_entropy, metrics=["accuracy"], weighted_metrics=["accuracy"])
    return model, *batch(), {}


def double_precision():
    keras_type = "float64"
    model = keras.Sequential(
        [
            layers.Input((8,), dtype=keras_type),
            layers.Dense(16, "tanh", dtype=keras_type),
            layers.Dense(CLASSES, dtype=keras_type),
        ]
    )
    x, y = batch()
    return model, x, y, {"step": stepper(model)}


SOUND = [
    averaged_by_the_optimizer,
    class_and_sample_metrics,
    clipped_by_global_norm,
    constrained_kernel,
    contrastive,
    distillation,
    double_precision,
    fixed_part_in_a_function,
    gradient_penalty,
    head_starting_at_zero,
    huge_loss,
    log_likelihood_below_zero,
    next_token,
    policy_gradient,
    regulariser_added,
    regulariser_fitted,
    residual_starting_at_zero,
    running_mean,
    sample_weights,
    shuffled_together,
    stateful_recurrent,
    target_network,
    tiny_loss,
    two_optimizers_one_persistent_tape,
    weights_clipped_after,
]
