"""Cases for Keras on torch: the user's own steps there."""

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from keras import layers as L
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
    values,
)

from pytest_gradferry.smoke import Smoke, SmokeError

torch.set_num_threads(1)


def own(model=None, clear=True, training=True, loss=None, held=None, update=True):
    """A step that applies the gradients with an optimizer of Keras'."""
    model = model or net()
    loss = loss or cross_entropy()
    optimizer = keras.optimizers.SGD(0.05)

    def step(x, y):
        if clear:
            model.zero_grad()
        value = loss(y, model(x, training=training))
        value.backward()
        weights = model.trainable_variables if held is None else held
        if update:
            with torch.no_grad():
                optimizer.apply([w.value.grad for w in weights], weights)
        return value

    return model, *batch(), {"step": step}


def with_torch(optimizer, clear=True, model=None):
    """A step that updates with an optimizer of torch's."""
    model = model or net()
    optimizer = optimizer(model.parameters())

    def step(x, y):
        if clear:
            optimizer.zero_grad()
        value = F.cross_entropy(model(x, training=True), y)
        value.backward()
        optimizer.step()
        return value

    return model, *batch(), {"step": step}


@sound
def own_step():
    return own()


@sound
def own_step_with_torchs_optimizer():
    return with_torch(lambda weights: torch.optim.Adam(weights, 0.01))


class OwnTrainStep(Small):
    def train_step(self, data):
        x, y = data
        self.zero_grad()
        loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        loss.backward()
        weights = list(self.trainable_weights)
        with torch.no_grad():
            self.optimizer.apply([w.value.grad for w in weights], weights)
        return {"loss": loss}


@sound
def own_train_step():
    return compiled(OwnTrainStep())


class Wrapped(keras.Model):
    """torch's own modules inside, which only know the mode of the module."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Linear(8, 6), torch.nn.BatchNorm1d(6), torch.nn.Dropout(0.5)
        )
        self.fc = L.Dense(CLASSES)

    def call(self, x, training=None):
        return self.fc(self.body(x, training=training))


@sound
def torch_modules_inside():
    return compiled(Wrapped())


@sound
def recurrent_with_mask():
    model = keras.Sequential([L.Embedding(9, 4, mask_zero=True), L.SimpleRNN(4), L.Dense(CLASSES)])
    return (
        model,
        np.random.default_rng(0).integers(0, 9, (8, 3)),
        batch()[1],
        {"loss": "cross_entropy"},
    )


@bug("fresh-gradients", "sum of the one used before")
def no_zero_grad():
    return own(clear=False)


@bug("fresh-gradients", "sum of the one used before")
def no_zero_grad_with_torchs_optimizer():
    return with_torch(lambda weights: torch.optim.SGD(weights, 0.01), clear=False)


@bug("modes", "without training=True", "XFR303")
def training_not_passed():
    return own(training=None)


@bug("updates", "no optimizer was stepped")
def no_update():
    return own(update=False)


@bug("updates", "no optimizer holds")
def left_out_of_the_update():
    model = net()
    return own(model, held=model.get_layer("fc2").trainable_variables)


@bug("loss-input", "given probabilities", "XFR403")
def softmax_before_torchs_loss():
    return own(net(activation="softmax"), loss=lambda y, out: F.cross_entropy(out, y))


class NoGrad(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = L.Dense(6, name="fc1"), L.Dense(CLASSES, name="fc2")

    def call(self, x):
        with torch.no_grad():
            x = self.fc1(x)
        return self.fc2(x)


@bug("gradients", "torch.no_grad", "XFR221")
def no_grad_around_a_layer():
    return compiled(NoGrad())


class AlwaysDrops(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = L.Dense(6, "relu"), L.Dense(CLASSES)

    def call(self, x, training=None):
        return self.fc2(F.dropout(self.fc1(x), 0.5))


@bug("modes", "F.dropout in", "XFR311")
def dropout_in_evaluation():
    return compiled(AlwaysDrops())


@bug("updates", "updated by gradients of other weights: norm/", "XFR210")
def gradients_zipped_with_another_list():
    model, optimizer = net(), keras.optimizers.SGD(0.05)

    def step(x, y):
        model.zero_grad()
        value = cross_entropy()(y, model(x, training=True))
        value.backward()
        weights = model.trainable_variables
        gradients = [w.value.grad for w in weights]
        gradients[2], gradients[3] = gradients[3], gradients[2]  # gamma and beta
        with torch.no_grad():
            optimizer.apply(gradients, weights)
        return value

    return model, *batch(), {"step": step}


@bug("learns", "sets fc1/bias, fc1/kernel")
def weights_put_back_before_each_forward_pass():
    model, x, y, how = with_torch(lambda weights: torch.optim.SGD(weights, 0.1))
    start, inner = [value.copy() for value in model.get_weights()], how["step"]

    def step(x, y):
        model.set_weights(start)
        return inner(x, y)

    return model, x, y, {"step": step}


@sound
def weights_clamped_after_each_update():
    model, x, y, how = with_torch(lambda weights: torch.optim.SGD(weights, 0.1))
    inner = how["step"]

    def step(x, y):
        value = inner(x, y)
        with torch.no_grad():
            for weight in model.trainable_variables:
                weight.value.clamp_(-2, 2)
        return value

    return model, x, y, {"step": step}


@bug("updates", "step 1 freezes them")
def freezes_a_layer_in_its_first_step():
    model, x, y, how = with_torch(lambda weights: torch.optim.SGD(weights, 0.1))
    inner = how["step"]

    def step(x, y):
        value = inner(x, y)
        model.layers[0].trainable = False
        for variable in model.layers[0].variables:
            variable.value.requires_grad_(False)
            variable.value.grad = None
        return value

    return model, x, y, {"step": step}


class MadeInCall(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = L.Dense(6, "relu")

    def call(self, x):
        return L.Dense(CLASSES)(self.body(x))


@bug("updates", "what one step teaches it is thrown away", "XFR108")
def layer_made_in_every_call():
    model = MadeInCall()
    model(batch()[0])
    return own(model, training=None)


def shuffled(together):
    model = keras.Sequential([L.Input((8,)), L.Dense(6, "relu"), L.Dense(1)])
    optimizer = torch.optim.Adam(model.parameters(), 0.01)

    def step(x, y):
        order = torch.randperm(len(x))
        optimizer.zero_grad()
        value = F.mse_loss(model(x[order], training=True), y[order] if together else y)
        value.backward()
        optimizer.step()
        return value

    x, _ = batch(12)
    return model, x, x[:, :1].copy(), {"step": step}


@bug("pairing", "stand in different orders")
def inputs_shuffled_without_the_targets():
    return shuffled(together=False)


@sound
def inputs_and_targets_shuffled():
    return shuffled(together=True)


@state
def gradients_modes_and_optimizer_are_given_back():
    model, x, y, how = with_torch(lambda weights: torch.optim.Adam(weights, 0.01))
    how["step"](torch.from_numpy(x), torch.from_numpy(y))
    model.eval()
    before = values(model)
    gradients = [np.array(w.value.grad) for w in model.trainable_variables]
    Smoke()(model, x, y, **how)
    assert_equal(before, values(model))
    assert_equal(gradients, [np.array(w.value.grad) for w in model.trainable_variables])
    assert not model.training


class CountsCalls(L.Layer):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def call(self, x):
        self.calls += 1
        return x * (1 + 0.1 * self.calls)


@bug("resume", "counts_calls.calls` (")
def counter_of_a_layer():
    model = keras.Sequential([L.Input((8,)), CountsCalls(), L.Dense(CLASSES)])
    return with_torch(lambda weights: torch.optim.Adam(weights, 0.01), model=model)


@state
def torchs_optimizer_and_schedule_are_resumed():
    schedules = []

    def optimizer(weights):
        made = torch.optim.SGD(weights, 0.1, momentum=0.9)
        schedules.append(torch.optim.lr_scheduler.LambdaLR(made, lambda step: 0.8**step))
        return made

    model, x, y, how = with_torch(optimizer)
    seen, schedule = torch.zeros(1), schedules[0]

    def step(x, y):
        value = how["step"](x, y)
        schedule.step()
        seen.add_(1)
        return value

    found = Smoke().report(model, x, y, step=step, only=["resume"]).outcomes["resume"]
    assert (found.status, found.reason) == ("passed", "")
    assert schedule.last_epoch == 0
    assert not seen.any()


@state
def all_is_given_back_after_an_error():
    model, x, y, how = own()
    before, call = values(model), keras.Operation.__call__
    inner, calls = how["step"], 0

    def step(x, y):
        nonlocal calls
        calls += 1
        value = inner(x, y)
        if calls == 2:
            raise RuntimeError("out of luck")
        return value

    with pytest.raises(SmokeError, match="out of luck"):
        Smoke()(model, x, y, step=step)
    assert_equal(before, values(model))
    assert keras.Operation.__call__ is call
    assert not any(w.value._backward_hooks for w in model.trainable_variables)
