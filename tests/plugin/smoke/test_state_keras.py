"""A smoke run leaves Keras objects as they were, also after an exception."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from pytest_gradferry.smoke import Smoke, SmokeError


def build():
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            layers.Input((8,)),
            layers.Dense(6),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )


def batch():
    random = np.random.default_rng(0)
    return random.normal(size=(8, 8)).astype("float32"), random.integers(0, 3, 8)


def values(*owners):
    return [np.array(v.numpy()) for owner in owners for v in owner.variables]


def assert_equal(before, after):
    assert len(before) == len(after)
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def trained(model):
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*batch(), verbose=0)
    return model


def test_compiled_model():
    model = trained(build())
    before = values(model, model.optimizer)
    Smoke()(model, *batch())
    assert_equal(before, values(model, model.optimizer))


def test_compiled_model_never_trained():
    """The optimizer is built by the run; its slots are as new afterwards."""
    model, twin = build(), build()
    for each in (model, twin):
        each.compile(
            optimizer=keras.optimizers.Adagrad(0.1), loss="sparse_categorical_crossentropy"
        )
    Smoke()(model, *batch())
    assert_equal([np.asarray(w) for w in twin.get_weights()], list(model.get_weights()))
    for each in (model, twin):
        keras.utils.set_random_seed(0)
        each.fit(*batch(), verbose=0, batch_size=8, shuffle=False)
    assert_equal([np.asarray(v) for v in values(twin.optimizer)], values(model.optimizer))


def test_what_was_not_built_is_not_built(tmp_path):
    model = build()
    model.compile(
        optimizer=keras.optimizers.AdamW(0.1),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    optimizer, x, y = model.optimizer, *batch()
    Smoke()(model, x, y)
    assert not optimizer.built
    assert [v.name for v in optimizer.variables] == ["iteration", "learning_rate"]
    assert model.train_function is None
    assert not model._compile_metrics.built
    other = build()  # an optimizer that was built for one model refuses another
    other.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy")
    other.fit(x, y, verbose=0)
    assert optimizer.built
    tf.train.Checkpoint(model=other, optimizer=optimizer).write(tmp_path / "checkpoint")
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    assert set(model.fit(x, y, verbose=0).history) == {"accuracy", "loss"}


def test_optimizer_given_for_a_named_loss_is_not_built():
    optimizer = keras.optimizers.Adam()
    Smoke()(build(), *batch(), loss="sparse_categorical_crossentropy", optimizer=optimizer)
    assert not optimizer.built


def test_traced_functions_and_metrics_of_a_trained_model():
    model = trained(build())
    function, traced = model.train_function, model.metrics_variables
    before = [v.numpy() for v in traced]
    Smoke()(model, *batch())
    assert model.train_function is function
    assert_equal(before, [v.numpy() for v in traced])


def test_global_policy():
    model = build()
    inner = trained(model)

    def step(x, y):
        keras.config.set_dtype_policy("mixed_bfloat16")
        return inner.train_on_batch(x, y)[0]

    Smoke().report(model, *batch(), step=step)
    assert keras.config.dtype_policy().name == "float32"


def test_error_that_only_the_compiled_step_makes_is_said():
    model = build()
    inner = trained(model)

    @tf.function(input_signature=[tf.TensorSpec((None, 8)), tf.TensorSpec((None,), tf.int32)])
    def step(x, y):
        return inner.compute_loss(x, y, model(x))

    with pytest.raises(SmokeError, match=r"Binding inputs to tf\.function failed"):
        Smoke()(model, *batch(), step=step)


def test_own_step_under_tf_function():
    model, optimizer = build(), keras.optimizers.Adam(0.1)
    seen, count = keras.metrics.Mean(), tf.Variable(0)
    loss_of = keras.losses.SparseCategoricalCrossentropy()

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        seen.update_state(loss)
        count.assign_add(1)
        return loss

    x, y = batch()
    step(tf.constant(x), tf.constant(y))
    before = values(model, optimizer, seen)
    Smoke()(model, x, y, step=step)
    assert_equal(before, values(model, optimizer, seen))
    assert int(count) == 1
    assert not tf.config.functions_run_eagerly()


def test_after_an_exception():
    model = build()
    inner = trained(model)
    before = values(model, model.optimizer)
    gradient, call = tf.GradientTape.gradient, keras.Operation.__call__
    calls = 0

    def step(x, y):
        nonlocal calls
        calls += 1
        inner.train_on_batch(x, y)
        if calls == 2:
            raise RuntimeError("out of luck")
        return 1.0

    with pytest.raises(SmokeError, match="out of luck"):
        Smoke()(model, *batch(), step=step)
    assert_equal(before, values(model, model.optimizer))
    assert calls == 0
    assert tf.GradientTape.gradient is gradient
    assert keras.Operation.__call__ is call
    assert not tf.config.functions_run_eagerly()


def test_random_state():
    def draws():
        return [float(tf.random.uniform([])), float(keras.random.uniform([])), np.random.rand()]

    model = build()
    keras.utils.set_random_seed(7)
    expected = draws()
    keras.utils.set_random_seed(7)
    Smoke()(model, *batch(), loss="sparse_categorical_crossentropy")
    assert draws() == expected
