"""Models, optimizers and the frameworks' global state are given back exactly as they were."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import torch
from keras import layers as L
from torch import nn

from pytest_gradferry.parity import ParityInputError


class Net(keras.Model):
    """Subclassed, without a get_config."""

    def __init__(self):
        super().__init__()
        self.conv = L.Conv2D(4, 3, padding="same", activation="relu")
        self.bn = L.BatchNormalization(epsilon=1e-5, momentum=0.9)
        self.drop = L.Dropout(0.5)
        self.flatten = L.Flatten()
        self.fc = L.Dense(3)

    def call(self, x, training=None):
        x = self.drop(self.bn(self.conv(x), training=training), training=training)
        return self.fc(self.flatten(x))


def torch_net():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(4),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(4 * 6 * 8, 3),
    )


@pytest.fixture
def batch(rng):
    return rng.normal(size=(4, 3, 6, 8)).astype(np.float32), rng.integers(0, 3, 4)


def trained(x, y):
    """Both models with a history: optimizers with state, gradients, a mode, traced functions."""
    reference = torch_net()
    optimizer = torch.optim.Adam(reference.parameters(), lr=1e-3)
    nn.functional.cross_entropy(reference(torch.from_numpy(x)), torch.from_numpy(y)).backward()
    optimizer.step()
    reference[0].eval()
    reference[5].bias.requires_grad_(False)
    port = Net()
    port.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    port.fit(np.moveaxis(x, 1, -1), y, verbose=0)
    port.predict(np.moveaxis(x, 1, -1), verbose=0)
    port.fc.bias.trainable = False
    return reference, optimizer, port


def torch_state(model, optimizer):
    tensors = model.state_dict(keep_vars=True)
    return {
        "weights": {name: tensor.clone() for name, tensor in tensors.items()},
        "identity": [(id(t), t.data_ptr(), t.dtype) for t in tensors.values()],
        "grads": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "trainable": [p.requires_grad for p in model.parameters()],
        "modes": [m.training for m in model.modules()],
        "moments": [s["exp_avg"].clone() for s in optimizer.state.values()],
        "hooks": [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()],
    }


def keras_state(model):
    layers = model._flatten_layers()
    return {
        "weights": [v.numpy() for v in model.variables],
        "identity": [(id(v), id(v._value), v._dtype) for v in model.variables],
        "policies": [layer.dtype_policy.name for layer in layers],
        "trainable": [v.trainable for v in model.variables],
        "optimizer": [v.numpy() for v in model.optimizer.variables],
        "functions": [id(f) for f in (model.train_function, model.predict_function)],
        "activation": model.conv.activation,
        "attributes": [sorted(vars(layer)) for layer in layers],
    }


def world():
    return {
        "torch": torch.get_rng_state(),
        "numpy": np.random.get_state()[1].copy(),
        "default": torch.get_default_dtype(),
        "floatx": keras.config.floatx(),
        "eager": tf.config.functions_run_eagerly(),
        "call": keras.layers.Layer.__call__,
        "dropout": (tf.nn.dropout, keras.random.dropout),
        "threads": torch.get_num_threads(),
    }


def same(before, after):
    if isinstance(before, dict):
        assert before.keys() == after.keys()
        for key in before:
            same(before[key], after[key])
    elif isinstance(before, (list, tuple)):
        assert len(before) == len(after)
        for a, b in zip(before, after, strict=True):
            same(a, b)
    elif isinstance(before, torch.Tensor):
        assert torch.equal(before, after)
    elif isinstance(before, np.ndarray):
        np.testing.assert_array_equal(before, after)
    else:
        assert before == after


@pytest.mark.parametrize("outcome", ["pass", "fail", "raise"])
def test_instances_are_given_back_bit_for_bit(parity, batch, outcome):
    x, y = batch
    reference, optimizer, port = trained(x, y)
    reference[5].bias.requires_grad_(True)
    port.fc.bias.trainable = True
    predicted = port.predict(np.moveaxis(x, 1, -1), verbose=0)
    before = torch_state(reference, optimizer), keras_state(port), world()
    if outcome == "pass":
        parity(reference, port, x, y, loss="cross_entropy", optimizer="adam")
    elif outcome == "fail":
        port.bn.epsilon = 1e-3
        with pytest.raises(AssertionError, match="epsilon=1e-05"):
            parity(reference, port, x, y, loss="cross_entropy")
        assert port.bn.epsilon == 1e-3
    else:
        with pytest.raises(ParityInputError):
            parity(reference, port, x, y[:2], loss="cross_entropy")
    same(before, (torch_state(reference, optimizer), keras_state(port), world()))
    if outcome != "fail":
        again = port.predict(np.moveaxis(x, 1, -1), verbose=0)
        np.testing.assert_array_equal(predicted, again)


def test_training_goes_on_afterwards(parity, batch):
    x, y = batch
    reference, optimizer, port = trained(x, y)
    reference[5].bias.requires_grad_(True)
    port.fc.bias.trainable = True
    parity(reference, port, x, y, loss="cross_entropy")
    weight = reference[0].weight.detach().clone()
    nn.functional.cross_entropy(reference(torch.from_numpy(x)), torch.from_numpy(y)).backward()
    optimizer.step()
    assert not torch.equal(weight, reference[0].weight)
    kernel = port.conv.kernel.numpy()
    port.fit(np.moveaxis(x, 1, -1), y, verbose=0)
    assert not np.array_equal(kernel, port.conv.kernel.numpy())


def test_a_tf_function_inside_the_model_keeps_no_converted_weights(parity, rng):
    class Graph(keras.Model):
        def __init__(self):
            super().__init__()
            self.fc = L.Dense(3)

        @tf.function
        def call(self, x):
            return self.fc(x)

    x = rng.normal(size=(4, 5)).astype(np.float32)
    reference, port = nn.Sequential(nn.Linear(5, 3)), Graph()
    before = port(x).numpy()
    for _ in range(2):
        parity(reference, port, x)
        with torch.no_grad():
            reference[0].weight.mul_(2)
    np.testing.assert_array_equal(port(x).numpy(), before)
    np.testing.assert_array_equal(port(tf.constant(x)).numpy(), before)


def test_float64_model_is_not_trained_in_place(parity, rng):
    reference = nn.Sequential(nn.Linear(5, 3)).double()
    before = reference[0].weight.detach().clone()
    port = keras.Sequential([L.Input((5,)), L.Dense(3)])
    parity(reference, port, rng.normal(size=(4, 5)), rng.normal(size=(4, 3)), loss="mse")
    assert torch.equal(before, reference[0].weight)


def test_own_optimizer_is_left_unbuilt(parity, rng):
    ours = keras.optimizers.SGD(0.125)
    port = keras.Sequential([L.Input((5,)), L.Dense(3)])
    pair = (lambda p: torch.optim.SGD(p, lr=0.125), ours)
    x, y = rng.normal(size=(4, 5)), rng.normal(size=(4, 3))
    parity(nn.Sequential(nn.Linear(5, 3)), port, x, y, loss="mse", optimizer=pair)
    assert not ours.built
    assert ours.iterations.numpy() == 0
