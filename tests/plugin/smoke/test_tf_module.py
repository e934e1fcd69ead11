"""tf.Module: variables of its own, `__call__` of its own, trained by a step of the user's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from pytest_gradferry.smoke import Smoke, SmokeError

CLASSES = 3


def batch(samples=16):
    random = np.random.default_rng(0)
    x = random.normal(size=(samples, 8)).astype("float32")
    return x, random.integers(0, CLASSES, samples)


class Dense(tf.Module):
    def __init__(self, inputs, outputs, name=None):
        super().__init__(name=name)
        start = tf.random.stateless_normal([inputs, outputs], [inputs, outputs])
        self.w = tf.Variable(start / inputs**0.5, name="w")
        self.b = tf.Variable(tf.zeros(outputs), name="b")

    def __call__(self, x):
        return x @ self.w + self.b


class Net(tf.Module):
    def __init__(self):
        super().__init__()
        self.hidden = [Dense(8, 6), Dense(6, 6)]
        self.head = Dense(6, CLASSES)
        self.seen = tf.Variable(0.0, trainable=False)

    def features(self, x):
        for layer in self.hidden:
            x = tf.nn.relu(layer(x))
        return x

    def __call__(self, x, is_training=False):
        x = self.features(x)
        if is_training:
            x = tf.nn.dropout(x, 0.2)
            self.seen.assign_add(1.0)
        return self.head(x)


class Compiled(Net):
    @tf.function(input_signature=[tf.TensorSpec((None, 8))])
    def __call__(self, x):
        return self.head(self.features(x))


class Lazy(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = None

    @tf.Module.with_name_scope
    def __call__(self, x):
        if self.w is None:
            self.w = tf.Variable(tf.ones((x.shape[-1], CLASSES)) / 8)
        return x @ self.w


class Cut(Net):
    def features(self, x):
        return tf.stop_gradient(super().features(x))


class AlwaysDrops(Net):
    def __call__(self, x, is_training=False):
        return self.head(tf.nn.dropout(self.features(x), 0.5))


class Cools(Net):
    """With a factor that falls from call to call, a number: TensorFlow's checkpoints have none."""

    def __init__(self):
        super().__init__()
        self.factor = 1.0

    def __call__(self, x):
        self.factor *= 0.9
        return self.factor * super().__call__(x)


class HoldsKeras(tf.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = keras.layers.Dense(6, "relu"), Dense(6, CLASSES)

    def __call__(self, x):
        return self.head(self.body(x))


def cross_entropy(y, out):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=out))


def own(model, update="keras", loss=cross_entropy, compile=lambda step: step, **mode):
    optimizer = keras.optimizers.Adam(0.01)

    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, **mode))
        weights = model.trainable_variables
        gradients = tape.gradient(value, weights)
        if update == "keras":
            optimizer.apply_gradients(zip(gradients, weights, strict=True))
        elif update == "hand":
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.assign_sub(0.1 * gradient)
        return value

    return model, *batch(), {"step": compile(step)}


class TrainsItself(Net):
    def __init__(self):
        super().__init__()
        self.optimizer = keras.optimizers.SGD(0.1)

    @tf.function(jit_compile=True)
    def train(self, x, y):
        with tf.GradientTape() as tape:
            value = cross_entropy(y, self(x, is_training=True))
        weights = [v for v in self.trainable_variables if "w" in v.name or "b" in v.name]
        self.optimizer.apply_gradients(zip(tape.gradient(value, weights), weights, strict=True))
        return value


def trains_itself():
    model = TrainsItself()
    return model, *batch(), {"step": model.train}


SOUND = {
    "keras-optimizer": lambda: own(Net(), is_training=True),
    "by-hand": lambda: own(Net(), "hand", is_training=True),
    "tf-function": lambda: own(Net(), compile=tf.function, is_training=True),
    "xla": lambda: own(Compiled(), compile=lambda step: tf.function(step, jit_compile=True)),
    "signature": lambda: own(Compiled()),
    "method": trains_itself,
    "lazy": lambda: own(Lazy()),
    "named-loss": lambda: (Net(), *batch(), {"loss": "cross_entropy", "optimizer": "sgd"}),
}


@pytest.mark.parametrize("case", SOUND, ids=str)
def test_sound_module_passes(case):
    keras.utils.set_random_seed(0)
    model, x, y, how = SOUND[case]()
    report = Smoke().report(model, x, y, **how)
    assert report.passed, str(report)
    ran = {name for name, found in report.outcomes.items() if found.status == "passed"}
    assert {"gradients", "updates", "learns", "batch-independence", "save-load"} <= ran, str(report)
    # XLA draws dropout's masks as it likes
    assert "resume" in ran or case == "method", str(report)


BUGS = {
    "mode": (lambda: own(Net()), "modes", "without is_training=True", "XFR303"),
    "dropout": (lambda: own(AlwaysDrops()), "modes", "tf.nn.dropout in", "XFR311"),
    "cut": (lambda: own(Cut()), "gradients", "cut between hidden/1 and head", "XFR221"),
    "update": (lambda: own(Net(), None), "updates", "no optimizer was stepped", ""),
    "probabilities": (
        lambda: own(Net(), loss=lambda y, out: cross_entropy(y, tf.nn.softmax(out))),
        "loss-input",
        "given probabilities",
        "XFR403",
    ),
    "keras-layer": (lambda: own(HoldsKeras()), "updates", "body, a Keras layer", ""),
    "counter": (lambda: own(Cools()), "resume", "`Cools.factor` (0.729 at the save, 1", ""),
    "sign": (lambda: own(Net(), loss=lambda y, o: -cross_entropy(y, o)), "learns", "flipped", ""),
}


@pytest.mark.parametrize("case", BUGS, ids=str)
def test_bug_is_caught_with_its_cause(case):
    keras.utils.set_random_seed(0)
    build, check, words, code = BUGS[case]
    model, x, y, how = build()
    report = Smoke().report(model, x, y, **how)
    found = report.outcomes[check]
    assert found.status == "failed", str(report)
    assert words in "\n".join(str(finding) for finding in found.findings), str(report)
    assert code in {finding.code for finding in found.findings}, str(report)


def test_module_is_given_back():
    model, x, y, how = own(Net(), compile=tf.function, is_training=True)
    how["step"](tf.constant(x), tf.constant(y))
    before = [v.numpy() for v in model.variables]
    call = Net.__call__
    Smoke()(model, x, y, **how)
    for old, new in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, new.numpy())
    assert Net.__call__ is call
    assert "__call__" not in vars(TrainsItself)


def test_module_of_keras_layers_alone():
    class Model(tf.Module):
        def __init__(self):
            super().__init__()
            self.fc = keras.layers.Dense(CLASSES)

        def __call__(self, x):
            return self.fc(x)

    with pytest.raises(SmokeError, match=r"derive it from keras\.Model"):
        Smoke()(Model(), *batch(), step=lambda x, y: 0.0)
