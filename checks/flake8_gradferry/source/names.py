"""Dotted names: one spelling for each thing the frameworks export under many.

Sources: https://keras.io/api/ and https://www.tensorflow.org/api_docs/python/tf/keras for the
Keras spellings, https://docs.pytorch.org/docs/stable/ for the torch ones.
"""

from __future__ import annotations

from functools import lru_cache

FRAMEWORKS = ("torch", "tensorflow", "keras", "lightning")
# Modules that are given another name by an assignment: `keras = tf.keras`.
MODULES = frozenset(
    (
        "keras keras.activations keras.backend keras.callbacks keras.initializers keras.layers "
        "keras.losses keras.metrics keras.models keras.ops keras.optimizers keras.regularizers "
        "tensorflow.math tensorflow.nn torch.nn torch.nn.functional torch.optim"
    ).split()
)

# Longest first: the first prefix that matches is replaced, and the result is looked at again.
_ALIASES = (
    ("tensorflow.python.keras.engine.training", "keras"),
    ("tensorflow.python.keras.engine.base_layer", "keras.layers"),
    ("tensorflow.python.keras.engine", "keras"),
    ("tensorflow.python.keras.layers.core", "keras.layers"),
    ("tensorflow.python.keras", "keras"),
    ("tensorflow.compat.v2", "tensorflow"),
    ("tensorflow.contrib.eager", "tensorflow"),
    ("tensorflow._api.v2", "tensorflow"),
    ("tensorflow.keras", "keras"),
    ("tensorflow.losses", "keras.losses"),
    ("tensorflow.metrics", "keras.metrics"),
    ("tensorflow.optimizers", "keras.optimizers"),
    ("tensorflow.compat.v1.keras", "keras"),
    ("tf_keras", "keras"),
    ("keras_core", "keras"),
    ("keras.api", "keras"),
    ("keras.engine.training", "keras"),
    ("keras.engine.topology", "keras.layers"),
    ("keras.engine.base_layer", "keras.layers"),
    ("keras.engine", "keras"),
    ("keras.layers.core", "keras.layers"),
    ("keras.layers.convolutional", "keras.layers"),
    ("keras.layers.normalization", "keras.layers"),
    ("keras.layers.recurrent", "keras.layers"),
    ("keras.layers.embeddings", "keras.layers"),
    ("keras.layers.merge", "keras.layers"),
    ("keras.layers.pooling", "keras.layers"),
    ("keras.layers.wrappers", "keras.layers"),
    ("keras.optimizers.legacy", "keras.optimizers"),
    ("keras.optimizers.experimental", "keras.optimizers"),
    ("keras.layers.experimental.preprocessing", "keras.layers"),
    ("keras.layers.experimental", "keras.layers"),
    ("pytorch_lightning.core.lightning", "lightning"),
    ("pytorch_lightning.core", "lightning"),
    ("pytorch_lightning", "lightning"),
    ("lightning.pytorch", "lightning"),
    ("lightning.fabric", "lightning"),
    ("torch.nn.modules.activation", "torch.nn"),
    ("torch.nn.modules.batchnorm", "torch.nn"),
    ("torch.nn.modules.container", "torch.nn"),
    ("torch.nn.modules.conv", "torch.nn"),
    ("torch.nn.modules.dropout", "torch.nn"),
    ("torch.nn.modules.linear", "torch.nn"),
    ("torch.nn.modules.loss", "torch.nn"),
    ("torch.nn.modules.module", "torch.nn"),
    ("torch.nn.modules.normalization", "torch.nn"),
    ("torch.nn.modules.rnn", "torch.nn"),
    ("torch.nn.modules", "torch.nn"),
    ("torch.optim.adam", "torch.optim"),
    ("torch.optim.adamw", "torch.optim"),
    ("torch.optim.lbfgs", "torch.optim"),
    ("torch.optim.optimizer", "torch.optim"),
    ("torch.optim.sgd", "torch.optim"),
)

_EXACT = {
    "tensorflow.compat.v1.GradientTape": "tensorflow.GradientTape",
    "tensorflow.python.eager.backprop.GradientTape": "tensorflow.GradientTape",
    "keras.models.Model": "keras.Model",
    "keras.models.Sequential": "keras.Sequential",
    "keras.Layer": "keras.layers.Layer",
    "keras.Input": "keras.layers.Input",
    "torch.nn.parameter.Parameter": "torch.nn.Parameter",
    "torch.autograd.grad_mode.no_grad": "torch.no_grad",
    "torch.autograd.no_grad": "torch.no_grad",
    "torch.autograd.inference_mode": "torch.inference_mode",
}


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """The one spelling used throughout for a dotted name, `tf.keras.Model` being `keras.Model`."""
    for alias, target in _ALIASES:
        if name == alias or name.startswith(alias + "."):
            return canonical(target + name[len(alias) :])
    return _EXACT.get(name, name)


def framework(name: str) -> str | None:
    """Which of `FRAMEWORKS` a canonical dotted name belongs to, or None."""
    root = name.partition(".")[0]
    return root if root in FRAMEWORKS else None
