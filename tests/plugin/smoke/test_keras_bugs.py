"""Bugs planted in Keras models and loops on TensorFlow, each caught with its cause named."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from pytest_gradferry.smoke import Smoke

CLASSES = 3


def batch(samples=16):
    random = np.random.default_rng(0)
    x = random.normal(size=(samples, 8)).astype("float32")
    return x, random.integers(0, CLASSES, samples)


def net(dropout=0.2, outputs=CLASSES, activation=None):
    return keras.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(16, name="fc1"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(),
            layers.Dropout(dropout, name="drop"),
            layers.Dense(outputs, activation=activation, name="fc2"),
        ],
        name="net",
    )


def cross_entropy(from_logits=True):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)


def own(model, loss=None, lr=0.1, training=True, weights=None, update=True, sign=1.0, x=None):
    """A user's tape loop."""
    loss = loss or cross_entropy()
    optimizer = keras.optimizers.SGD(lr)

    def step(inputs, targets):
        with tf.GradientTape() as tape:
            value = loss(targets, model(inputs, training=training))
            goal = sign * value
        held = model.trainable_variables if weights is None else weights
        gradients = tape.gradient(goal, held)
        if update:
            optimizer.apply_gradients(zip(gradients, held, strict=True))
        return value

    inputs, targets = batch()
    return model, inputs if x is None else x, targets, {"step": step}


def graph(case):
    """The same with the step under tf.function."""

    def build():
        model, x, y, how = case()
        return model, x, y, {"step": tf.function(how["step"])}

    build.__name__ = f"{case.__name__}_graph"
    return build


def compiled(model, loss=None, optimizer="sgd", x=None, y=None, **how):
    model.compile(optimizer=optimizer, loss=loss or cross_entropy(), **how)
    inputs, targets = batch()
    return model, inputs if x is None else x, targets if y is None else y, {}


def gradients_added_up():
    model, optimizer = net(), keras.optimizers.SGD(0.1)
    total = [tf.Variable(tf.zeros_like(w)) for w in model.trainable_variables]

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = cross_entropy()(y, model(x, training=True))
        for kept, new in zip(total, tape.gradient(loss, model.trainable_variables), strict=True):
            kept.assign_add(new)
        optimizer.apply_gradients(zip(total, model.trainable_variables, strict=True))
        return loss

    return model, *batch(), {"step": step}


def no_update():
    return own(net(), update=False)


def left_out_of_the_update():
    model = net()
    return own(model, weights=model.get_layer("fc2").trainable_variables)


def head_replaced_after_the_list():
    model = net()
    held = model.trainable_variables
    model.pop()
    model.add(layers.Dense(CLASSES, name="head"))
    return own(model, weights=held)


def zero_learning_rate():
    return own(net(), lr=0.0)


def huge_learning_rate():
    return own(keras.Sequential([layers.Dense(16, "relu"), layers.Dense(CLASSES)]), lr=30.0)


def exploding_learning_rate():
    model = keras.Sequential([layers.Dense(16, "relu"), layers.Dense(1)])
    return compiled(model, "mse", keras.optimizers.SGD(1e4))


def training_not_passed():
    return own(net(), training=None)


def training_false():
    return own(net(), training=False)


class NoTraining(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.drop = layers.Dense(16, "relu"), layers.Dropout(0.5)
        self.norm, self.fc2 = layers.BatchNormalization(), layers.Dense(CLASSES)

    def call(self, x):
        return self.fc2(self.drop(self.norm(self.fc1(x))))


def call_without_training():
    return compiled(NoTraining())


def call_without_training_and_no_compile():
    return NoTraining(), *batch(), {"loss": "cross_entropy"}


def call_without_training_in_a_loop_of_ones_own():
    return own(NoTraining(), training=None)


class DunderCall(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.drop = layers.Dense(16, "relu"), layers.Dropout(0.5)
        self.fc2 = layers.Dense(CLASSES)

    def __call__(self, x, training=None):
        return self.fc2(self.drop(self.fc1(x)))


def dunder_call():
    return DunderCall(), *batch(), {"loss": "cross_entropy"}


class AlwaysDrops(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = layers.Dense(16, "relu"), layers.Dense(CLASSES)

    def call(self, x, training=None):
        return self.fc2(tf.nn.dropout(self.fc1(x), 0.5))


def dropout_in_evaluation():
    return compiled(AlwaysDrops())


class ToldToDrop(keras.Model):
    def __init__(self):
        super().__init__()
        self.drop, self.fc = layers.Dropout(0.5, name="drop"), layers.Dense(CLASSES)

    def call(self, x):
        return self.fc(self.drop(x, training=True))


def dropout_layer_told_to_train():
    return compiled(ToldToDrop())


def missing_from_logits():
    return own(net(), cross_entropy(from_logits=False))


def missing_from_logits_compiled():
    return compiled(net(), "sparse_categorical_crossentropy")


class SoftmaxOutside(keras.Model):
    """Keras repairs a softmax that it knows of; this one it does not."""

    def __init__(self):
        super().__init__()
        self.fc = layers.Dense(CLASSES)

    def call(self, x):
        return tf.reshape(tf.nn.softmax(self.fc(x)), (-1, CLASSES))


def from_logits_on_probabilities():
    return own(SoftmaxOutside(), cross_entropy())


def from_logits_on_probabilities_compiled():
    return compiled(SoftmaxOutside())


def softmax_before_tensorflows_loss():
    loss = lambda y, out: tf.reduce_mean(  # noqa: E731
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=out)
    )
    return own(net(activation="softmax"), loss)


def sigmoid_mismatch():
    model = net(outputs=1, activation="sigmoid")
    x, y = batch()
    loss = lambda y, out: tf.reduce_mean(  # noqa: E731
        tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=out)
    )
    _, _, _, how = own(model, loss)
    return model, x, (y > 0).astype("float32")[:, None], how


def binary_missing_from_logits():
    _, y = batch()
    return compiled(net(outputs=1), "binary_crossentropy", y=(y > 0).astype("float32")[:, None])


def flipped_sign():
    return own(net(), sign=-1.0)


def flipped_loss():
    return own(net(), lambda y, out: -cross_entropy()(y, out))


def target_broadcast():
    x, y = batch()
    loss = lambda y, out: tf.reduce_mean((y - out) ** 2)  # noqa: E731
    model, _, _, how = own(net(outputs=1), loss)
    return model, x, y.astype("float32"), how


class Cut(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = layers.Dense(16, name="fc1"), layers.Dense(CLASSES, name="fc2")

    def call(self, x):
        return self.fc2(tf.stop_gradient(self.fc1(x)))


def stop_gradient():
    return compiled(Cut())


class Unused(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = layers.Dense(CLASSES), layers.Dense(4)
        self.fc1.build((None, 8))
        self.fc2.build((None, 8))
        self.built = True

    def call(self, x):
        return self.fc1(x)


def layer_never_called():
    return compiled(Unused())


class MixesBatch(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc = layers.Dense(CLASSES)

    def call(self, x):
        return self.fc(tf.reshape(tf.transpose(x), (-1, 8)))


def reshape_mixes_the_batch():
    return compiled(MixesBatch())


class BatchStatistics(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm, self.fc = layers.BatchNormalization(), layers.Dense(CLASSES)

    def call(self, x):
        return self.fc(self.norm(x, training=True))


def batch_norm_told_to_train():
    return compiled(BatchStatistics())


def unseeded_noise():
    class Noisy(keras.Model):
        def __init__(self):
            super().__init__()
            self.fc = layers.Dense(CLASSES)

        def call(self, x):
            noise = tf.random.Generator.from_non_deterministic_state().normal(tf.shape(x))
            return self.fc(x + noise)

    return own(Noisy())


def log_of_a_negative():
    class Logarithm(keras.Model):
        def __init__(self):
            super().__init__()
            self.fc = layers.Dense(CLASSES, name="fc")

        def call(self, x):
            return self.fc(tf.math.log(x))

    return own(Logarithm())


class HalfConfig(layers.Layer):
    """get_config leaves out what shapes the output."""

    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return x * self.scale

    def get_config(self):
        return super().get_config()


def config_forgets_an_argument():
    model = keras.Sequential([layers.Input((8,)), HalfConfig(3.0), layers.Dense(CLASSES)])
    return compiled(model)


class NoKwargs(HalfConfig):
    def __init__(self, scale=1.0):
        super().__init__(scale)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


def init_without_kwargs():
    return compiled(keras.Sequential([layers.Input((8,)), NoKwargs(), layers.Dense(CLASSES)]))


class NeedsScale(HalfConfig):
    def __init__(self, scale, **kwargs):
        super().__init__(scale, **kwargs)

    def get_config(self):
        return super().get_config()


def config_without_a_needed_argument():
    return compiled(keras.Sequential([layers.Input((8,)), NeedsScale(2.0), layers.Dense(CLASSES)]))


class SumLoss(keras.Model):
    """A train_step of its own that never applies the gradients of the first layer."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = layers.Dense(8, "tanh", name="fc1"), layers.Dense(CLASSES)

    def call(self, x):
        return self.fc2(self.fc1(x))

    def train_step(self, data):
        x, y = data[:2]
        with tf.GradientTape() as tape:
            loss = cross_entropy()(y, self(x, training=True))
        held = self.fc2.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, held), held, strict=True))
        return {"loss": loss}


def own_train_step_leaves_a_layer_out():
    return compiled(SumLoss())


BUGS = [
    (gradients_added_up, "fresh-gradients", "sum of the one used before", ""),
    (dunder_call, "modes", "DunderCall defines __call__", "XFR101"),
    (no_update, "updates", "no optimizer was stepped", ""),
    (graph(no_update), "updates", "no optimizer was stepped", ""),
    (left_out_of_the_update, "updates", "never asks the tape", ""),
    (head_replaced_after_the_list, "updates", "2 variables that are not this model's", ""),
    (own_train_step_leaves_a_layer_out, "updates", "fc1/kernel, fc1/bias never move", ""),
    (zero_learning_rate, "updates", "learning rate is 0", ""),
    (graph(zero_learning_rate), "updates", "learning rate is 0", ""),
    (huge_learning_rate, "learns", "is too high", ""),
    (exploding_learning_rate, "finite", "is too high", ""),
    (training_not_passed, "modes", "without training=True", "XFR303"),
    (graph(training_not_passed), "modes", "without training=True", "XFR303"),
    (training_false, "modes", "without training=True", "XFR303"),
    (call_without_training, "modes", "no `training` parameter", "XFR305"),
    (call_without_training_and_no_compile, "modes", "no `training` parameter", "XFR305"),
    (call_without_training_in_a_loop_of_ones_own, "modes", "fit would leave", "XFR305"),
    (dropout_in_evaluation, "modes", "tf.nn.dropout in", "XFR311"),
    (dropout_layer_told_to_train, "modes", "drop (Dropout)", "XFR906"),
    (missing_from_logits, "loss-input", "given logits", "XFR402"),
    (graph(missing_from_logits), "loss-input", "given logits", "XFR402"),
    (missing_from_logits_compiled, "loss-input", "given logits", "XFR402"),
    (binary_missing_from_logits, "loss-input", "given logits", "XFR402"),
    (from_logits_on_probabilities, "loss-input", "crossentropy (from_logits=True)", "XFR403"),
    (from_logits_on_probabilities_compiled, "loss-input", "pass from_logits=False", "XFR403"),
    (softmax_before_tensorflows_loss, "loss-input", "the function applies its own", "XFR403"),
    (sigmoid_mismatch, "loss-input", "weights 30 times", "XFR403"),
    (flipped_sign, "learns", "sign of the loss is flipped", ""),
    (graph(flipped_sign), "learns", "sign of the loss is flipped", ""),
    (flipped_loss, "learns", "sign of the loss is flipped", ""),
    (target_broadcast, "shapes", "broadcast to (16, 16)", "XFR909"),
    (graph(target_broadcast), "shapes", "broadcast to (16, 16)", "XFR909"),
    (stop_gradient, "gradients", "cut between fc1 and fc2", "XFR221"),
    (layer_never_called, "gradients", "never calls fc2", ""),
    (reshape_mixes_the_batch, "batch-independence", "other samples", ""),
    (batch_norm_told_to_train, "batch-independence", "other samples", ""),
    (unseeded_noise, "reproducible", "same first step", ""),
    (log_of_a_negative, "finite", "goes into fc (Dense)", ""),
    (init_without_kwargs, "save-load", "unexpected keyword argument 'name'", "XFR123"),
    (init_without_kwargs, "save-load", "hand them to super().__init__", "XFR123"),
    (config_without_a_needed_argument, "save-load", "get_config of NeedsScale leaves out", ""),
    (config_forgets_an_argument, "save-load", "a .keras file", ""),
]


@pytest.mark.parametrize(("bug", "check", "words", "code"), BUGS, ids=[b[0].__name__ for b in BUGS])
def test_bug_is_caught_with_its_cause(bug, check, words, code):
    keras.utils.set_random_seed(1)
    model, x, y, how = bug()
    report = Smoke().report(model, x, y, **how)
    outcome = report.outcomes[check]
    assert outcome.status == "failed", str(report)
    text = "\n".join(str(finding) for finding in outcome.findings)
    assert words in text, str(report)
    assert code in {finding.code for finding in outcome.findings}, str(report)
    found = [check for check, outcome in report.outcomes.items() if outcome.findings]
    assert found == [check], f"one bug, found as several: {report}"


def test_loop_of_ones_own_lacks_training_true_first():
    model, x, y, how = call_without_training_in_a_loop_of_ones_own()
    found = Smoke().report(model, x, y, **how).outcomes["modes"].findings
    assert [finding.code for finding in found] == ["XFR303", "XFR305"]
    model, x, y, how = own(NoTraining(), training=True)
    assert Smoke()(model, x, y, **how).passed


def test_fit_needs_the_parameter_only():
    model, x, y, how = call_without_training()
    found = Smoke().report(model, x, y, **how).outcomes["modes"].findings
    assert [finding.code for finding in found] == ["XFR305"]


class Nested(keras.Model):
    """Keras numbers these layers as it makes them: dense_5, batch_normalization_2."""

    def __init__(self):
        super().__init__()
        self.blocks = [NoTraining(), layers.Dense(CLASSES)]
        self.nested = {"drop": layers.Dropout(0.5)}

    def call(self, x):
        return self.nested["drop"](self.blocks[1](self.blocks[0](x)))


def test_layers_go_by_their_attributes():
    report = Smoke().report(Nested(), *batch(), loss="cross_entropy")
    text = str(report.outcomes["modes"].findings[0])
    assert text.startswith(
        "blocks.0.norm (BatchNormalization), blocks.0.drop (Dropout), nested.drop (Dropout) did"
    )
    model = Nested()
    model(batch()[0])
    model, x, y, how = own(model, weights=model.blocks[1].trainable_variables)
    text = str(Smoke().report(model, x, y, **how).outcomes["updates"].findings[0])
    assert "blocks.0.fc2/kernel, blocks.0.fc2/bias" in text
