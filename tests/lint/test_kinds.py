"""Of which framework an object is."""

from __future__ import annotations

import ast

import pytest

from flake8_gradferry.objects.kinds import Kind, is_tensorflow_tensor, kind
from flake8_gradferry.source.project import parse
from flake8_gradferry.source.walk import File

HEAD = """
import numpy as np
import tensorflow as tf
from tensorflow import keras
import torch
from torch import nn

model = keras.Sequential([keras.layers.Dense(1)])
net = nn.Linear(1, 1)
loss_fn = keras.losses.MeanSquaredError()
data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(8).batch(2)
w = tf.Variable(1.0)


class Port(keras.Model):
    def call(self, inputs):
        self.probe(inputs)
        probe(self)

class Hidden(somewhere.Base, keras.Model):
    pass
"""


def probed(program: str) -> tuple[File, ast.expr]:
    source = HEAD + program
    file = File(parse(source, "-"), "-", source.splitlines(keepends=True))
    return file, file.calls_by_name["probe"][-1].args[0]


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("probe(tf.reduce_mean(x))", Kind.TF_TENSOR),
        ("probe(tf.nn.relu(x)[0])", Kind.TF_TENSOR),
        ("probe(tf.nn.relu(x)[:, i])", Kind.TF_TENSOR),
        ("probe(keras.Input((2,)))", Kind.KERAS_TENSOR),
        ("for a, b in tqdm(data):\n    probe(b)", Kind.TF_TENSOR),
        ("probe(keras.utils.image_dataset_from_directory('a'))", Kind.TF_DATASET),
        ("def f(total=0):\n    total += tf.ones(1)\n    probe(total)", None),
        ("def f(a, b):\n    for a, b in b:\n        probe(a)\nf(1, data)", Kind.TF_TENSOR),
        ("probe(-2 * tf.math.log(x) + 1)", Kind.TF_TENSOR),
        ("probe(w)", Kind.TF_VARIABLE),
        ("probe(w * 2)", Kind.TF_TENSOR),
        ("probe(model)", Kind.KERAS_MODEL),
        ("probe(keras.layers.Dense(2))", Kind.KERAS_LAYER),
        ("probe(keras.applications.ResNet50())", Kind.KERAS_MODEL),
        ("probe(keras.models.load_model(p))", Kind.KERAS_MODEL),
        ("probe(keras.applications.resnet.preprocess_input(x))", None),
        ("probe(model(x))", Kind.KERAS_TENSOR),
        ("probe(model(x) + tf.ones(2))", Kind.TF_TENSOR),
        ("probe(loss_fn(y, model(x)))", Kind.KERAS_TENSOR),
        ("probe(keras.losses.mse(y, p))", Kind.KERAS_TENSOR),
        ("probe(model.predict(x))", Kind.NUMPY_ARRAY),
        ("probe(tf.ones(2).numpy())", Kind.NUMPY_ARRAY),
        ("probe(np.mean(x))", Kind.NUMPY_ARRAY),
        ("probe(net)", Kind.TORCH_MODULE),
        ("probe(net(x))", Kind.TORCH_TENSOR),
        ("probe(torch.optim.Adam(p))", Kind.TORCH_OPTIMIZER),
        ("probe(keras.optimizers.Adam())", Kind.KERAS_OPTIMIZER),
        ("probe(model.optimizer)", Kind.KERAS_OPTIMIZER),
        ("probe(net.optimizer)", None),
        ("probe(data)", Kind.TF_DATASET),
        ("for a, b in data:\n    probe(b)", Kind.TF_TENSOR),
        ("for i, (a, b) in enumerate(data):\n    probe(a)", Kind.TF_TENSOR),
        ("for i, (a, b) in enumerate(data):\n    probe(i)", None),
        ("for a in data:\n    probe(a)", None),
        ("for a, b in data.as_numpy_iterator():\n    probe(a)", None),
        ("total = 0\nfor a in b:\n    total += tf.reduce_sum(a)\nprobe(total)", Kind.TF_TENSOR),
        ("def f(v):\n    probe(v)\nf(tf.ones(1))\nf(tf.zeros(1))", Kind.TF_TENSOR),
        ("def f(v):\n    probe(v)\nf(tf.ones(1))\nf(torch.ones(1))", None),
        ("def f(v: tf.Tensor):\n    probe(v)", Kind.TF_TENSOR),
        ("def f(v: keras.Model):\n    probe(v)", Kind.KERAS_MODEL),
        ("def f(v: 'nn.Module | None'):\n    probe(v)", None),
        ("def f(v):\n    probe(v)", None),
        ("probe(Port())", Kind.KERAS_MODEL),
        ("probe(Port()(x))", None),
        ("probe(Hidden())", None),
        ("probe(tf.split(x, 2))", None),
        ("probe('%s' % tf.ones(1))", None),
        ("probe([tf.ones(1)] * w)", None),
        ("probe(tf.nn.moments(x, 0))", None),
        ("probe(x if y else tf.ones(1))", None),
    ],
)
def test_kind(program: str, expected: Kind | None) -> None:
    assert kind(*probed(program)) is expected


def test_self_and_its_input() -> None:
    file, node = probed("")
    assert kind(file, node) is Kind.KERAS_MODEL
    inputs = file.calls_by_name["probe"][0].args[0]
    assert kind(file, inputs) is Kind.KERAS_TENSOR
    assert is_tensorflow_tensor(file, inputs)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("import keras\n", True),
        ("import keras, torch\n", False),
        ("import keras, torch\nimport tensorflow as tf\n", True),
        ("import keras, os\nos.environ['KERAS_BACKEND'] = 'torch'\n", False),
        ("import keras, os\nos.environ['KERAS_BACKEND'] = 'jax'\n", False),
        ("import keras, os\nos.environ['KERAS_BACKEND'] = 'tensorflow'\n", True),
    ],
)
def test_keras_tensors_are_those_of_the_backend(head: str, expected: bool) -> None:
    source = head + "probe(keras.ops.mean(x))"
    file = File(parse(source, "-"), "-", source.splitlines(keepends=True))
    assert is_tensorflow_tensor(file, file.calls_by_name["probe"][0].args[0]) is expected


def test_models_may_give_distributions() -> None:
    source = HEAD + "import tensorflow_probability as tfp\nprobe(model(x))"
    file = File(parse(source, "-"), "-", source.splitlines(keepends=True))
    assert kind(file, file.calls_by_name["probe"][-1].args[0]) is None
