"""Cases for Keras on torch and on JAX, run in a process of their own: one backend a process.

`main` writes what came of each case there is for the backend of this process.  A case returns a
model, inputs, targets and the options of `training_smoke`.
"""

import importlib
import json
import time
import traceback
import warnings
from pathlib import Path

import keras
import numpy as np
from keras import layers as L
from keras import ops

from pytest_gradferry.smoke import Smoke

CLASSES = 3
CASES = {}  # name -> (function, kind, check, words, code)


def sound(case):
    CASES[case.__name__] = (case, "sound", "", "", "")
    return case


def bug(check, words, code=""):
    def register(case):
        CASES[case.__name__] = (case, "bug", check, words, code)
        return case

    return register


def state(case):
    """A test that runs by itself and raises."""
    CASES[case.__name__] = (case, "state", "", "", "")
    return case


def batch(samples=8):
    random = np.random.default_rng(0)
    x = random.normal(size=(samples, 8)).astype("float32")
    return x, random.integers(0, CLASSES, samples)


def net(outputs=CLASSES, activation=None):
    return keras.Sequential(
        [
            L.Input((8,)),
            L.Dense(6, name="fc1"),
            L.BatchNormalization(name="norm"),
            L.ReLU(),
            L.Dropout(0.2, name="drop"),
            L.Dense(outputs, activation=activation, name="fc2"),
        ],
        name="net",
    )


def cross_entropy(from_logits=True):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)


def compiled(model, loss=None, optimizer="sgd", **options):
    model.compile(optimizer=optimizer, loss=loss or cross_entropy(), **options)
    return model, *batch(), {}


def values(*owners):
    return [keras.ops.convert_to_numpy(v.value) for owner in owners for v in owner.variables]


def assert_equal(before, after):
    assert len(before) == len(after)
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


class Small(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.drop = L.Dense(6, "relu"), L.Dropout(0.5)
        self.fc2 = L.Dense(CLASSES)

    def call(self, x, training=None):
        return self.fc2(self.drop(self.fc1(x), training=training))


@sound
def fit():
    return compiled(net(), optimizer="adam", metrics=["accuracy"])


@sound
def fit_with_a_regulariser():
    model = keras.Sequential(
        [L.Input((8,)), L.Dense(6, "tanh", kernel_regularizer="l2"), L.Dense(CLASSES)]
    )
    return compiled(model)


@sound
def named_loss():
    return net(), *batch(), {"loss": "cross_entropy", "optimizer": "adam"}


@sound
def subclassed_never_built():
    return Small(), *batch(), {"loss": "cross_entropy"}


@sound
def frozen_batch_norm_and_two_inputs():
    left, right = L.Input((8,), name="left"), L.Input((8,), name="right")
    norm = L.BatchNormalization()
    norm.trainable = False
    joined = L.Concatenate()([norm(left), L.Dense(3)(right)])
    model = keras.Model({"left": left, "right": right}, L.Dense(CLASSES)(joined))
    x, y = batch()
    return model, {"left": x, "right": x + 1}, y, {"loss": "cross_entropy"}


@bug("loss-input", "given logits", "XFR402")
def missing_from_logits():
    return compiled(net(), "sparse_categorical_crossentropy")


@bug("loss-input", "pass from_logits=False", "XFR403")
def from_logits_on_probabilities():
    return compiled(net(activation="softmax"))


class NoTraining(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.drop, self.fc2 = L.Dense(6, "relu"), L.Dropout(0.5), L.Dense(CLASSES)

    def call(self, x):
        return self.fc2(self.drop(self.fc1(x)))


@bug("modes", "no `training` parameter", "XFR305")
def call_without_training():
    return compiled(NoTraining())


class Cut(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = L.Dense(6, name="fc1"), L.Dense(CLASSES, name="fc2")

    def call(self, x):
        return self.fc2(ops.stop_gradient(self.fc1(x)))


@bug("gradients", "cut between fc1 and fc2", "XFR221")
def stop_gradient():
    return compiled(Cut())


@bug("updates", "learning rate is 0")
def zero_learning_rate():
    return compiled(net(), optimizer=keras.optimizers.SGD(0.0))


@bug("finite", "is too high")
def exploding_learning_rate():
    model = keras.Sequential([L.Input((8,)), L.Dense(6, "relu"), L.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(1e4), loss="mse")
    return model, batch()[0], batch()[0][:, :1], {}


class MixesBatch(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc = L.Dense(CLASSES)

    def call(self, x):
        return self.fc(ops.reshape(ops.transpose(x), (-1, 8)))


@bug("batch-independence", "other samples")
def reshape_mixes_the_batch():
    return compiled(MixesBatch())


@bug("shapes", "broadcast to (8, 8)", "XFR909")
def target_broadcast():
    loss = lambda y, out: ops.mean((y - out) ** 2)  # noqa: E731
    return net(outputs=1), batch()[0], batch()[1].astype("float32"), {"loss": loss}


class HalfConfig(L.Layer):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return x * self.scale

    def get_config(self):
        return super().get_config()


@bug("save-load", "a .keras file")
def config_forgets_an_argument():
    return compiled(keras.Sequential([L.Input((8,)), HalfConfig(3.0), L.Dense(CLASSES)]))


@state
def compiled_model_is_given_back():
    model, x, y, _ = fit()
    model.fit(x, y, verbose=0)
    before = values(model, model.optimizer)
    functions = model.train_function, model.optimizer.built
    Smoke()(model, x, y)
    assert_equal(before, values(model, model.optimizer))
    assert functions == (model.train_function, model.optimizer.built)


def outcome(name):
    case, kind, check, words, code = CASES[name]
    keras.utils.set_random_seed(2)
    if kind == "state":
        case()
        return "passed"
    model, x, y, how = case()
    report = Smoke().report(model, x, y, **how, only=[check] if kind == "bug" else None)
    if kind == "sound":
        return "passed" if report.passed else str(report)
    found = report.outcomes[check]
    text = "\n".join(str(finding) for finding in found.findings)
    caught = found.status == "failed" and words in text
    return "passed" if caught and code in {f.code for f in found.findings} else str(report)


def main(out):
    # NumPy 2 asks Keras' variables for a keyword that they do not know.
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message="__array__", category=DeprecationWarning)
    importlib.import_module(f"keras_cases_{keras.backend.backend()}")
    results = {}
    for name in CASES:
        started = time.process_time()
        try:
            results[name] = outcome(name)
        except Exception:
            results[name] = traceback.format_exc()
        print(f"{time.process_time() - started:6.2f} s  {name}")
    Path(out).write_text(json.dumps(results))
