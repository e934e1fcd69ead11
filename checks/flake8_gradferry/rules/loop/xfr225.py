"""A loss per sample handed to the tape: the gradients are summed, not averaged.

## Why

SILENT. `keras.losses.mean_squared_error(y, p)`, `tf.nn.*_cross_entropy_with_logits` and losses with
`reduction="none"` give one number a sample. torch refuses `backward()` on a vector; a tape takes
the gradient of its sum, so the step grows with the batch size. Measured on Keras 3.15, batch of
256, SGD(0.05): the loss goes to inf, with the mean it falls from 6.73 to 0.11.

## Bad

```python
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.05)
x = tf.random.normal((256, 4), seed=1)
y = tf.reduce_sum(x, axis=1, keepdims=True)

for _ in range(20):
    with tf.GradientTape() as tape:
        loss = keras.losses.mean_squared_error(y, model(x, training=True))  # XFR225
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## Good

```python
import keras
import tensorflow as tf

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.05)
x = tf.random.normal((256, 4), seed=1)
y = tf.reduce_sum(x, axis=1, keepdims=True)

for _ in range(20):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.mean_squared_error(y, model(x, training=True)))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
```

## When it stays quiet

- The value goes through `reduce_mean`, `reduce_sum`, `compute_average_loss` or any function.
- What is compared is not surely a model's output for a batch: a squeezed or indexed output may have
  one axis, and then the function gives one number.
- `tape.jacobian`, where a vector is meant; gradients by inputs, which samples do not share.

## Fix

`tf.reduce_mean(...)` around the loss, or the loss' class (`keras.losses.MeanSquaredError()`), which
averages by itself.

## Seen at run time

`training_smoke` with your own `step`: `shapes` (the tape is asked for the gradient of many
numbers).

## References

- https://keras.io/api/losses/
- https://www.tensorflow.org/guide/autodiff#gradients_of_non-scalar_targets
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ...model.models import layers
from ...model.modes import argument
from ...rule import Confidence, Finding, Harm, Rule
from ...source.infer import Origin, lineage, origins
from ...source.walk import File
from ...tape.tape_blocks import taken, weight_holders

rule = Rule(
    __name__,
    name="vector-loss",
    message="{loss}(...) is one loss a sample: gradients are summed (SILENT); tf.reduce_mean it",
    harm=Harm.SILENT,
    confidence=Confidence.LIKELY,
    direction="torch->keras",
)
# TF1's functions of this module (`sparse_softmax_cross_entropy`) average by themselves.
_KERAS = frozenset(
    (
        "binary_crossentropy binary_focal_crossentropy categorical_crossentropy "
        "categorical_focal_crossentropy categorical_hinge cosine_similarity hinge huber "
        "kl_divergence kld KLD log_cosh logcosh mae MAE mape MAPE mean_absolute_error "
        "mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error mse MSE "
        "msle MSLE poisson sparse_categorical_crossentropy squared_hinge"
    ).split()
)
_TENSORFLOW = frozenset(
    (
        "tensorflow.nn.softmax_cross_entropy_with_logits "
        "tensorflow.nn.sparse_softmax_cross_entropy_with_logits "
        "tensorflow.nn.sigmoid_cross_entropy_with_logits "
        "tensorflow.nn.weighted_cross_entropy_with_logits"
    ).split()
)


@rule.method("gradient")
def check(file: File, call: ast.Call) -> Iterator[Finding]:
    asked = taken(file, call)
    if asked is None or not any(True for _ in weight_holders(file, [asked.sources])):
        return
    ends = origins(file, asked.target)
    if all(is_vector(end) for end in ends):
        (end, *_) = ends
        assert end.call is not None
        node = end.call if end.file is file else call
        yield rule.at(node, loss=(end.file.dotted(end.call.func) or "this").rpartition(".")[2])


def is_vector(end: Origin) -> bool:
    """Whether a value is surely a loss for each sample of a batch."""
    call, file = end.call, end.file
    if call is None:
        return False
    name = file.qualified(call.func) or ""
    if name in _TENSORFLOW:
        output = argument(call, "logits", None)
        return output is not None and is_batch(file, output)
    module, _, last = name.rpartition(".")
    by_function = module in ("keras.losses", "keras.metrics") and last in _KERAS
    if not by_function and not all(_unreduced(made) for made in origins(file, call.func)):
        return False
    output = argument(call, "y_pred", 1)
    return output is not None and is_batch(file, output)


def _unreduced(loss: Origin) -> bool:
    """Whether a loss object was made with `reduction="none"`."""
    if loss.call is None or not loss.callee.startswith("keras.losses."):
        return False
    match argument(loss.call, "reduction", None):
        case ast.Constant(value="none" | "NONE" | None):
            return True
        case ast.Attribute(attr="NONE"):
            return True
    return False


def is_batch(file: File, output: ast.expr) -> bool:
    """Whether an expression is what a model says about a batch, as it comes out of the model."""
    ends = origins(file, output)
    return all(
        end.call is not None
        and not end.path
        and end.file.qualified(end.call.func) is None
        and (is_self(end.file, end.call.func) or bool(layers(end.file, end.call.func).layers))
        for end in ends
    )


def is_self(file: File, func: ast.expr) -> bool:
    """Whether a call runs the Keras model in whose class it stands."""
    cls = file.method_class(func) if isinstance(func, ast.Name) and func.id == "self" else None
    return cls is not None and lineage(file, cls).is_keras_model
