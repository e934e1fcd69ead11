"""Cases for Keras on JAX: the user's own steps there, on state of their own."""

import contextlib
from dataclasses import replace

import jax
import keras
import numpy as np
import pytest
from keras import layers as L
from keras import ops
from keras_cases import (
    CLASSES,
    Small,
    assert_equal,
    batch,
    bug,
    compiled,
    cross_entropy,
    net,
    sound,
    state,
)

from pytest_gradferry.smoke import Smoke, SmokeError
from pytest_gradferry.smoke.evidence import Evidence
from pytest_gradferry.smoke.on_keras.trainee import KerasTrainee


def own(
    model=None, training=True, loss=None, sign=1.0, compile=jax.jit, part=slice(None), moved=True
):
    """A step over stateless_call and stateless_apply, on state in a closure, as Keras' guide
    writes it."""
    model = model or net()
    loss = loss or cross_entropy()
    optimizer = keras.optimizers.SGD(0.05)
    optimizer.build(model.trainable_variables)

    def loss_and_updates(weights, others, x, y):
        output, others = model.stateless_call(weights, others, x, training=training)
        value = loss(y, output)
        return sign * value, (value, others)

    gradients_of = jax.value_and_grad(loss_and_updates, has_aux=True)

    def train(kept, x, y):
        weights, others, slots = kept
        (_, (value, others)), gradients = gradients_of(weights, others, x, y)
        idle = [g * 0 for g in gradients]
        idle[part] = gradients[part]
        weights, slots = optimizer.stateless_apply(slots, idle, weights)
        return value, (weights, others if moved else kept[1], slots)

    train = compile(train)
    kept = tuple(
        [v.value for v in group]
        for group in (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
    )

    def step(x, y):
        nonlocal kept
        value, kept = train(kept, x, y)
        return value

    return model, *batch(), {"step": step}


@sound
def own_state():
    return own()


@sound
def own_state_given_away():
    """The arrays of the step before are deleted."""
    return own(compile=lambda train: jax.jit(train, donate_argnums=0))


class Trainer:
    def __init__(self, model):
        self.model, self.loss, self.rate = model, cross_entropy(), 0.05
        self.state = {
            "weights": [v.value for v in model.trainable_variables],
            "others": [v.value for v in model.non_trainable_variables],
        }

    def step(self, x, y):
        def loss(weights):
            output, others = self.model.stateless_call(
                weights, self.state["others"], x, training=True
            )
            return self.loss(y, output), others

        (value, others), gradients = jax.value_and_grad(loss, has_aux=True)(self.state["weights"])
        moved = zip(self.state["weights"], gradients, strict=True)
        self.state["weights"] = [w - self.rate * g for w, g in moved]
        self.state["others"] = others
        return value


@sound
def own_state_on_an_object_without_an_optimizer():
    model = net()
    return model, *batch(), {"step": Trainer(model).step}


@sound
def on_the_models_variables():
    model, optimizer = net(), keras.optimizers.SGD(0.05)

    def loss(weights, x, y):
        mapping = list(zip(model.trainable_variables, weights, strict=True))
        with keras.StatelessScope(mapping) as scope:
            value = cross_entropy()(y, model(x, training=True))
        moved = [scope.get_current_value(v) for v in model.non_trainable_variables]
        return value, moved

    def step(x, y):
        weights = [v.value for v in model.trainable_variables]
        (value, moved), gradients = jax.value_and_grad(loss, has_aux=True)(weights, x, y)
        optimizer.apply(gradients, model.trainable_variables)
        for variable, new in zip(model.non_trainable_variables, moved, strict=True):
            if new is not None:
                variable.assign(new)
        return value

    return model, *batch(), {"step": step}


@bug("modes", "does not keep the non-trainable variables")
def moving_averages_dropped():
    return own(moved=False)


class OwnTrainStep(Small):
    def train_step(self, state, data):
        weights, others, slots, metrics = state
        x, y = data

        def loss(weights):
            output, after = self.stateless_call(weights, others, x, training=True)
            return self.compute_loss(y=y, y_pred=output), after

        (value, others), gradients = jax.value_and_grad(loss, has_aux=True)(weights)
        weights, slots = self.optimizer.stateless_apply(slots, gradients, weights)
        return {"loss": value}, (weights, others, slots, metrics)


@sound
def own_train_step():
    model = OwnTrainStep()
    model(batch()[0])
    return compiled(model)


@bug("modes", "without training=True", "XFR303")
def training_not_passed():
    return own(training=None)


@bug("learns", "went from")
def flipped_sign():
    return own(sign=-1.0)


@bug("updates", "is handed zeros")
def left_out_of_the_update():
    return own(part=slice(0, 2))


@bug("loss-input", "given logits", "XFR402")
def own_state_and_no_from_logits():
    return own(loss=cross_entropy(from_logits=False))


@state
def own_state_is_given_back():
    model, x, y, how = own(compile=lambda train: jax.jit(train, donate_argnums=0))
    step = how["step"]
    step(x, y)
    (cell,) = [c for c in step.__closure__ if isinstance(c.cell_contents, tuple)]
    before = jax.tree.map(np.array, cell.cell_contents)
    assert model.trainable_variables[0].value.is_deleted()  # the step was given them
    Smoke()(model, x, y, step=step)
    assert_equal(
        jax.tree.leaves(before), [np.array(v) for v in jax.tree.leaves(cell.cell_contents)]
    )


def flipped(loss, together):
    """As an augmentation that turns the batch round."""

    def compute(y, output):
        return loss(y[::-1] if together else y, output[::-1])

    return compute


def regression(together):
    model = keras.Sequential([L.Input((8,)), L.Dense(6, "relu"), L.Dense(1)])
    x, _ = batch(12)
    loss = flipped(keras.losses.MeanSquaredError(), together)
    model, *_, how = own(model, loss=loss)
    return model, x, x[:, :1].copy(), how


@bug("pairing", "stand in different orders")
def outputs_turned_round_without_the_targets():
    return regression(together=False)


@sound
def outputs_and_targets_turned_round():
    return regression(together=True)


@bug("updates", "the step never asks for their gradients")
def gradients_of_the_last_layer_only():
    model = keras.Sequential([L.Input((8,)), L.Dense(6, "relu"), L.Dense(CLASSES)])

    def step(x, y):
        weights = [v.value for v in model.trainable_variables]

        def loss(last):
            return cross_entropy()(y, model.stateless_call([*weights[:2], *last], [], x)[0])

        value, gradients = jax.value_and_grad(loss)(weights[2:])
        for variable, gradient in zip(model.trainable_variables[2:], gradients, strict=True):
            variable.assign(variable - 0.1 * gradient)
        return value

    return model, *batch(), {"step": step}


def watched(case, whole):
    """Two watched steps, their functions compiled as a whole or operation by operation."""
    keras.utils.set_random_seed(3)
    model, x, y, how = case()
    trainee = KerasTrainee(model, x, y, None, None, how.get("step"))
    with contextlib.nullcontext() if whole else trainee.backend.rewritten():
        evidence = Evidence(trainee, 2, 0)
        with evidence.from_start():
            return [evidence.watch_step() for _ in range(2)]


def fit_a_regularised_net():
    model = net()
    model.layers[0].kernel_regularizer = keras.regularizers.L2(0.01)
    return compiled(model, optimizer="adam", metrics=["accuracy"])


def unnamed(calls):
    """Keras numbers layers without a name as they are made."""
    return [replace(call, layer="") for call in calls]


@state
def what_is_seen_is_the_same_compiled_as_a_whole():
    for case in (fit_a_regularised_net, own, lambda: own(part=slice(0, 2))):
        for whole, single in zip(watched(case, True), watched(case, False), strict=True):
            assert abs(whole.loss - single.loss) < 1e-5
            assert whole.events == single.events
            assert whole.asked == single.asked
            assert whole.used == single.used
            assert unnamed(whole.calls) == unnamed(single.calls)
            assert list(whole.fresh) == list(single.fresh)
            pairs = [(whole.fresh[n], single.fresh[n]) for n in single.fresh]
            pairs += [(whole.outputs, single.outputs)]
            pairs += [(a.input, b.input) for a, b in zip(whole.losses, single.losses, strict=True)]
            for a, b in pairs:
                np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def compilations(train):
    found = []

    def listen(event, seconds, **_):
        found.extend([event] * event.endswith("backend_compile_duration"))

    jax.monitoring.register_event_duration_secs_listener(listen)
    train()
    jax.monitoring.unregister_event_duration_listener(listen)
    return len(found)


# Of shapes that no other case has: what was compiled for those stays.
ODD = np.sin(np.arange(30.0, dtype="float32")).reshape(6, 5), np.arange(6) % 4


def odd_net(width):
    return keras.Sequential(
        [L.Input((5,)), L.Dense(width, "relu"), L.BatchNormalization(), L.Dense(4)]
    )


@state
def a_tiny_model_costs_few_compilations():
    """Each takes 30 ms; operation by operation there are 200."""
    model = odd_net(7)
    model.compile("adam", cross_entropy())
    assert 0 < compilations(lambda: Smoke()(model, *ODD)) < 30


@state
def a_loop_of_the_users_costs_few_compilations():
    """Its own function is compiled once, as it is watched, and the model's evaluation."""
    *_, how = own(model := odd_net(11))
    assert 0 < compilations(lambda: Smoke()(model, *ODD, **how)) < 12


@state
def a_function_that_looks_at_other_things_is_run_by_operations():
    """Its layers are called in another order than when it was compiled."""
    model, calls = net(), []

    def loss(weights, others, x, y):
        calls.append(1)
        if len(calls) % 2:
            ops.relu(model.layers[0](x))
        output, _ = model.stateless_call(weights, others, x, training=True)
        return cross_entropy()(y, output)

    gradients_of = jax.jit(jax.value_and_grad(loss))

    def step(x, y):
        weights = [v.value for v in model.trainable_variables]
        others = [v.value for v in model.non_trainable_variables]
        value, gradients = gradients_of(weights, others, x, y)
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
            variable.assign(variable - 0.05 * gradient)
        return value

    trainee = KerasTrainee(model, *batch(), None, None, step)
    evidence = Evidence(trainee, 2, 0)
    with evidence.from_start():
        record = evidence.watch_step()
    assert record.events == ["forward", "backward", "update"]
    assert all(gradient is not None and gradient.any() for gradient in record.fresh.values())


@state
def state_that_cannot_be_found_is_said():
    model = keras.Sequential([L.Input((8,)), L.Dense(CLASSES)])

    def steps():
        weights = [v.value + 0 for v in model.trainable_variables]
        value = None
        while True:
            x, y = yield value

            def loss(weights, x=x, y=y):
                return cross_entropy()(y, model.stateless_call(weights, [], x)[0])

            value, gradients = jax.value_and_grad(loss)(weights)
            weights = [w - 0.1 * g for w, g in zip(weights, gradients, strict=True)]

    running = steps()
    next(running)
    with pytest.raises(SmokeError, match="neither the model's variables nor"):
        Smoke()(model, *batch(), step=lambda x, y: running.send((x, y)))
