"""Bugs of gradient tapes: traced methods, tf.Modules, optimizers by hand and several of them."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow import clip_by_global_norm, clip_by_norm

CLASSES = 3

cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def batch(samples=16):
    return np.random.normal(size=(samples, 8)).astype("float32"), np.arange(samples) % CLASSES


def mlp():
    return keras.Sequential(
        [layers.Input((8,)), layers.Dense(8, "tanh", name="a"), layers.Dense(CLASSES, name="b")]
    )


def differentiated(model, x, y):
    with tf.GradientTape() as tape:
        loss = cross_entropy(y, model(x, training=True))
    return loss, tape.gradient(loss, model.trainable_variables)


def loop(model, use=lambda gradients: gradients, update=None, optimizer=None):
    """`use` makes of the gradients what is applied; `update` does so instead of the optimizer."""
    optimizer = optimizer or keras.optimizers.SGD(0.1)

    def step(x, y):
        loss, gradients = differentiated(model, x, y)
        gradients = use(gradients)
        if update:
            update(gradients)
        else:
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return model, *batch(), {"step": step}


class Affine(tf.Module):
    def __init__(self, rows, columns, start=None):
        super().__init__()
        value = tf.random.normal([rows, columns]) * 0.3 if start is None else start
        self.w = tf.Variable(value, name="w")
        self.b = tf.Variable(tf.zeros([columns]), name="b")

    def __call__(self, x):
        return x @ self.w + self.b


class Net(tf.Module):
    def __init__(self, *starts):
        super().__init__()
        first, second = starts or (None, None)
        self.a, self.b = Affine(8, 8, first), Affine(8, CLASSES, second)

    def __call__(self, x, training=False):
        return self.b(tf.nn.tanh(self.a(x)))


# A tf.function that is a method has its object behind a weak reference.


class Trainer:
    def __init__(self):
        self.model, self.optimizer, self.steps = mlp(), keras.optimizers.SGD(0.3), 0
        weights = self.model.trainable_variables
        self.sums = [tf.Variable(tf.zeros_like(w), trainable=False) for w in weights]

    @tf.function
    def warming_up(self, x, y):
        self.steps += 1
        loss, gradients = differentiated(self.model, x, y)
        gradients = [min(1.0, self.steps / 10) * g for g in gradients]
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        return loss

    @tf.function
    def every_second(self, x, y):
        self.steps += 1
        weights = self.model.trainable_variables
        loss, gradients = differentiated(self.model, x, y)
        for total, gradient in zip(self.sums, gradients, strict=True):
            total.assign_add(gradient / 2)
        self.optimizer.build(weights)
        if self.steps % 2 == 0:
            self.optimizer.apply_gradients(zip(self.sums, weights, strict=True))
            for total in self.sums:
                total.assign(tf.zeros_like(total))
        return loss


_TRAINERS = []  # such a method does not keep its object


def trained_by(method):
    trainer = Trainer()
    _TRAINERS.append(trainer)
    return trainer.model, *batch(), {"step": getattr(trainer, method)}


def warm_up_counted_in_a_traced_method():
    return trained_by("warming_up")


def update_skipped_by_a_counter_in_a_traced_method():
    return trained_by("every_second")


def clipped_by_bare_name_for_nothing():
    def use(gradients):
        clip_by_global_norm(gradients, 0.05)
        return gradients

    return loop(mlp(), use)


def clipped_to_one_sign():
    return loop(mlp(), lambda gradients: [tf.clip_by_value(g, 0.0, 1.0) for g in gradients])


def clipped_one_by_one_for_nothing():
    def use(gradients):
        for gradient in gradients:
            clip_by_norm(gradient, 0.02)
        return gradients

    return loop(Net(), use)


def clipped_for_one_of_two_optimizers():
    model = mlp()
    first, second = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)

    def update(gradients):
        body, _ = clip_by_global_norm(gradients[:2], 0.05)
        clip_by_global_norm(gradients[2:], 0.05)
        first.apply_gradients(zip(body, model.trainable_variables[:2], strict=True))
        second.apply_gradients(zip(gradients[2:], model.trainable_variables[2:], strict=True))

    return loop(model, update=update)


def clipped_after_the_update():
    model, optimizer = Net(), keras.optimizers.SGD(0.1)

    def update(gradients):
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        tf.clip_by_global_norm(gradients, 0.05)

    return loop(model, update=update)


def added_by_hand():
    model = Net()
    weights = model.trainable_variables
    return loop(model, update=lambda g: [w.assign_add(v) for w, v in zip(weights, g, strict=True)])


def added_by_hand_to_infinity():
    model = Net()
    weights = model.trainable_variables

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - tf.one_hot(y, CLASSES)) ** 2)
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            weight.assign_add(1e3 * gradient)
        return loss**8

    return model, *batch(), {"step": step}


def gradients_of_the_first_step():
    kept = []

    def use(gradients):
        kept.append(gradients)
        return kept[0]

    return loop(mlp(), use)


def gradients_one_step_late():
    kept = []

    def use(gradients):
        kept.append(gradients)
        return kept[max(0, len(kept) - 2)]

    return loop(Net(), use)


def averages_loaded_in_every_step():
    model, optimizer = mlp(), keras.optimizers.Adam(1e-2)
    weights = [w.value for w in model.trainable_variables]
    average = tf.train.ExponentialMovingAverage(0.99)
    average.apply(weights)

    def update(gradients):
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        average.apply(weights)
        for weight in weights:
            weight.assign(average.average(weight))

    return loop(model, update=update)


def module_starting_with_constants():
    return loop(Net(tf.fill([8, 8], 0.1), tf.fill([8, CLASSES], 0.1)))


class Weights:
    """A plain object, in which tf.Module does not look for variables."""

    def __init__(self):
        self.first = tf.Variable(tf.random.normal([8, 8]) * 0.3)


class OfAnObject(tf.Module):
    def __init__(self):
        super().__init__()
        self.weights, self.head = Weights(), Affine(8, CLASSES)

    def __call__(self, x, training=False):
        return self.head(tf.nn.tanh(x @ self.weights.first))


def variable_in_a_plain_object():
    return loop(OfAnObject())


class OfAList(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = [tf.Variable(tf.random.normal([8, 8]) * 0.3)]
        self.head = layers.Dense(CLASSES)

    def call(self, x):
        return self.head(tf.nn.tanh(x @ self.first[0]))


def variable_in_a_list():
    model = OfAList()
    model(batch()[0])
    return loop(model)


def rate_of_another_optimizer():
    kept, used = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)
    model, x, y, how = loop(mlp(), optimizer=used)
    train = how["step"]

    def step(x, y):
        kept.learning_rate.assign(kept.learning_rate * 0.9)
        return train(x, y)

    return model, x, y, {"step": step}


def loss_not_scaled_in_float32():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    return loop(mlp(), optimizer=optimizer)


def frozen_given_to_the_optimizer():
    model, optimizer = mlp(), keras.optimizers.SGD(0.1)
    weights = list(model.trainable_variables)
    model.layers[0].trainable = False

    def step(x, y):
        with tf.GradientTape() as tape:
            tape.watch([weight.value for weight in weights])
            loss = cross_entropy(y, model(x, training=True))
        values = [weight.value for weight in weights]
        optimizer.apply_gradients(zip(tape.gradient(loss, values), weights, strict=True))
        return loss

    return model, *batch(), {"step": step}


def another_net_asked_for():
    """A student and its teacher, mixed up."""
    student, teacher, optimizer = mlp(), mlp(), keras.optimizers.SGD(0.1)

    def step(x, y):
        with tf.GradientTape() as tape:
            apart = tf.reduce_mean((teacher(x, training=True) - student(x, training=True)) ** 2)
        weights = teacher.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(apart, weights), weights, strict=True))
        return apart

    return student, *batch(), {"step": step}


def penalized(traced):
    """The slope of the scores comes from a tape of its own, beside that of the loss."""
    model, optimizer = mlp(), keras.optimizers.SGD(0.1)

    def step(x, y):
        x = tf.convert_to_tensor(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            scores = model(x, training=True)
        slope = inner.gradient(scores, x)
        with tf.GradientTape() as tape:
            penalty = tf.reduce_mean(tf.square(tf.norm(slope, axis=1) - 1))
            loss = cross_entropy(y, model(x, training=True)) + penalty
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return model, *batch(), {"step": tf.function(step) if traced else step}


def penalty_outside_of_the_outer_tape():
    return penalized(traced=False)


def penalty_outside_of_the_outer_tape_graph():
    return penalized(traced=True)


BUGS = [
    (penalty_outside_of_the_outer_tape, "gradients", "a penalty on them trains nothing", "XFR223"),
    (
        penalty_outside_of_the_outer_tape_graph,
        "gradients",
        "a penalty on them trains nothing",
        "XFR223",
    ),
    (another_net_asked_for, "gradients", "asks the tape for the gradients of other", ""),
    (warm_up_counted_in_a_traced_method, "compiled", "Python changes `Trainer.steps`", "XFR610"),
    (
        update_skipped_by_a_counter_in_a_traced_method,
        "compiled",
        "Python changes `Trainer.steps`",
        "XFR610",
    ),
    (clipped_by_bare_name_for_nothing, "clipping", "its result is not used", ""),
    (clipped_to_one_sign, "clipping", "what is below 0 is lost", ""),
    (clipped_one_by_one_for_nothing, "clipping", "its result is not used", ""),
    (clipped_for_one_of_two_optimizers, "clipping", "its result is not used", ""),
    (clipped_after_the_update, "clipping", "after the optimizer's step", "XFR227"),
    (added_by_hand, "learns", "each step climbs the loss", ""),
    (added_by_hand_to_infinity, "finite", "each step climbs the loss", ""),
    (gradients_of_the_first_step, "fresh-gradients", "kept and applied again", ""),
    (gradients_one_step_late, "fresh-gradients", "kept and applied again", ""),
    (averages_loaded_in_every_step, "updates", "overwritten, by their running average", ""),
    (module_starting_with_constants, "symmetry", "all start as one value", ""),
    (variable_in_a_plain_object, "updates", "stands in an object that is no tf.Module", ""),
    (variable_in_a_list, "updates", "which Keras 3 does not see", "XFR116"),
    (rate_of_another_optimizer, "schedule", "of an optimizer that is not in use", ""),
    (loss_not_scaled_in_float32, "mixed-precision", "on a loss that is not scaled", "XFR804"),
    (frozen_given_to_the_optimizer, "updates", "hands them to the optimizer", ""),
]
