"""The losses that the frameworks have: one word for each of their many names.

Sources: https://docs.pytorch.org/docs/stable/nn.html#loss-functions, https://keras.io/api/losses/,
https://www.tensorflow.org/api_docs/python/tf/nn.
"""

from __future__ import annotations

# The class `torch.nn.X` and the function `torch.nn.functional.x`, called (output, target).
_TORCH = {
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
    "NLLLoss2d": "nll_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "KLDivLoss": "kl_div",
    "PoissonNLLLoss": "poisson_nll_loss",
    "MultiLabelSoftMarginLoss": "multilabel_soft_margin_loss",
    "MSELoss": "mse_loss",
    "L1Loss": "l1_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "HuberLoss": "huber_loss",
}
# Those of Keras with `from_logits`, False unless given; called (target, output).
CROSS_ENTROPIES = frozenset(
    (
        "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy "
        "binary_focal_crossentropy categorical_focal_crossentropy"
    ).split()
)
_KERAS = {
    "BinaryCrossentropy": "binary_crossentropy",
    "CategoricalCrossentropy": "categorical_crossentropy",
    "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy",
    "BinaryFocalCrossentropy": "binary_focal_crossentropy",
    "CategoricalFocalCrossentropy": "categorical_focal_crossentropy",
    "KLDivergence": "kl_divergence",
    "Poisson": "poisson",
    "Hinge": "hinge",
    "SquaredHinge": "squared_hinge",
    "MeanAbsolutePercentageError": "mean_absolute_percentage_error",
    "MeanSquaredError": "mean_squared_error",
    "MeanAbsoluteError": "mean_absolute_error",
    "MeanSquaredLogarithmicError": "mean_squared_logarithmic_error",
    "Huber": "huber",
    "LogCosh": "log_cosh",
    "CosineSimilarity": "cosine_similarity",
}
_KERAS_SHORT = {
    "kld": "kl_divergence",
    "KLD": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "mse": "mean_squared_error",
    "MSE": "mean_squared_error",
    "mae": "mean_absolute_error",
    "MAE": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "MAPE": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "MSLE": "mean_squared_logarithmic_error",
    "logcosh": "log_cosh",
}
_KERAS_MODULES = ("losses", "backend", "metrics", "objectives", "ops")
# Always on logits; called (labels=, logits=).
_TENSORFLOW = (
    "softmax_cross_entropy_with_logits softmax_cross_entropy_with_logits_v2 "
    "sparse_softmax_cross_entropy_with_logits sigmoid_cross_entropy_with_logits "
    "weighted_cross_entropy_with_logits"
).split()

# What `compile(loss=...)` takes as a string.
BY_STRING = {word: word for word in _KERAS.values()} | _KERAS_SHORT | _KERAS
# Canonical dotted name of a class or function -> its word.
WORDS = {
    **{f"torch.nn.{name}": word for name, word in _TORCH.items()},
    **{f"torch.nn.functional.{word}": word for word in _TORCH.values()},
    **{f"keras.losses.{name}": word for name, word in _KERAS.items()},
    **{f"keras.{m}.{word}": word for m in _KERAS_MODULES for word in _KERAS.values()},
    **{f"keras.{m}.{name}": word for m in _KERAS_MODULES for name, word in _KERAS_SHORT.items()},
    **{f"tensorflow.nn.{word}": word for word in _TENSORFLOW},
    **{f"tensorflow.compat.v1.nn.{word}": word for word in _TENSORFLOW},
}

# Those that give another number when output and target change places.
ASYMMETRIC = frozenset(WORDS.values()) - frozenset(
    (
        "mse_loss l1_loss smooth_l1_loss huber_loss mean_squared_error mean_absolute_error "
        "mean_squared_logarithmic_error huber log_cosh cosine_similarity"
    ).split()
)
