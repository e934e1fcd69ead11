"""What each framework function and layer makes of its input, as far as a loss is concerned.

Names are canonical (`names.canonical`). What stands in no table here is unknown, and says nothing.
"""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """The range of a value, by the last operation that gave it one."""

    SOFTMAX = "softmax"  # probabilities over classes
    LOG_SOFTMAX = "log_softmax"  # their logarithms: logits too, softmax maps them to themselves
    SIGMOID = "sigmoid"  # independent probabilities
    OTHER = "activation"  # relu, tanh, clipping: neither logits by design nor probabilities
    LINEAR = "linear"  # a bare weighted sum
    UNKNOWN = "unknown"


PROBABILITIES = frozenset((Kind.SOFTMAX, Kind.SIGMOID))


def _names(prefix: str, words: str) -> frozenset[str]:
    return frozenset(f"{prefix}.{word}" for word in words.split())


# -- functions: f(x) -------------------------------------------------------------------------------

_KERAS_FUNCTIONS = ("keras.activations", "keras.backend", "keras.ops", "keras.ops.nn")
_TORCH_FUNCTIONS = ("torch", "torch.nn.functional", "torch.special")
_TENSORFLOW_FUNCTIONS = (
    "tensorflow",
    "tensorflow.nn",
    "tensorflow.math",
    "tensorflow.compat.v1",
    "tensorflow.compat.v1.nn",
)
_FUNCTIONS = (*_KERAS_FUNCTIONS, *_TORCH_FUNCTIONS, *_TENSORFLOW_FUNCTIONS)

# The names by which every framework calls an activation, as function, method or Keras string.
BY_WORD = {
    "softmax": Kind.SOFTMAX,
    "log_softmax": Kind.LOG_SOFTMAX,
    "logsoftmax": Kind.LOG_SOFTMAX,
    "sigmoid": Kind.SIGMOID,
    "expit": Kind.SIGMOID,
    "linear": Kind.LINEAR,
} | dict.fromkeys(
    (
        "relu relu_ relu6 leaky_relu leakyrelu elu selu celu gelu silu swish mish tanh softplus "
        "softsign exponential exp hard_sigmoid hardsigmoid hard_tanh hardtanh hard_silu "
        "hardswish glu prelu rrelu logsigmoid log_sigmoid sparsemax sparse_plus normalize "
        "l2_normalize threshold"
    ).split(),
    Kind.OTHER,
)

# `F.linear(x, w)` and `keras.activations.linear(x)` share a name; the latter changes nothing.
_WEIGHTED_SUMS = (
    _names("torch.nn.functional", "linear bilinear conv1d conv2d conv3d conv_transpose2d")
    | _names("torch", "matmul mm bmm addmm einsum")
    | _names("tensorflow", "matmul einsum tensordot linalg.matmul")
    | _names("tensorflow.nn", "conv1d conv2d conv3d conv2d_transpose xw_plus_b")
    | _names("tensorflow.compat.v1", "matmul nn.conv2d nn.xw_plus_b layers.dense layers.conv2d")
    | _names("keras.ops", "matmul dot einsum conv conv_transpose")
    | _names("keras.backend", "dot batch_dot conv2d")
)

# Functions of a first tensor that leave its values, or an average of them.
_RESHAPING = _names(
    "torch",
    "flatten reshape squeeze unsqueeze transpose permute movedim swapaxes mean moveaxis t",
) | _names("tensorflow", "reshape squeeze expand_dims transpose reduce_mean gather boolean_mask")
_RESHAPING |= _names("tensorflow.math", "reduce_mean")
_RESHAPING |= _names("keras.ops", "reshape squeeze expand_dims transpose mean take")
_RESHAPING |= _names("keras.backend", "reshape squeeze expand_dims permute_dimensions mean")
_RESHAPING |= _names("torch.nn.functional", "interpolate upsample avg_pool2d adaptive_avg_pool2d")
_RESHAPING |= _names("tensorflow.image", "resize")
_SAME = _names("torch.nn.functional", "dropout dropout2d alpha_dropout")
_SAME |= _names(
    "tensorflow", "identity cast convert_to_tensor stop_gradient ensure_shape nn.dropout"
)
_SAME |= _names("keras.ops", "cast convert_to_tensor stop_gradient") | _names("torch", "clone")
_SAME |= _names("keras.backend", "cast stop_gradient dropout identity")
_CLIPPING = _names("torch", "clamp clip") | _names("tensorflow", "clip_by_value maximum minimum")
_CLIPPING |= _names("keras.ops", "clip") | _names("keras.backend", "clip")
_LOGARITHMS = _names("torch", "log") | _names("tensorflow", "math.log")
_LOGARITHMS |= _names("keras.ops", "log") | _names("keras.backend", "log")
_JOINING = _names("torch", "cat concat stack hstack vstack") | _names("tensorflow", "concat stack")
_JOINING |= _names("keras.ops", "concatenate stack") | _names("keras.backend", "concatenate stack")
_JOINING |= _names("keras.layers", "concatenate add average")


class Effect(Enum):
    """What a function or layer does to a value whose kind is known."""

    SAME = "same"  # the very value
    RESHAPES = "reshapes"  # other shape, a selection or an average of the values
    SHIFTS = "shifts"  # scaled and shifted: a weighted sum stays one, probabilities do not
    CLIPS = "clips"
    LOGS = "logs"
    JOINS = "joins"  # several values side by side


def of_function(name: str) -> Kind | Effect | None:
    """What `name(x)` makes of `x`."""
    if name in _WEIGHTED_SUMS:
        return Kind.LINEAR
    for names, effect in _EFFECTS:
        if name in names:
            return effect
    prefix, _, word = name.rpartition(".")
    if prefix not in _FUNCTIONS or word not in BY_WORD:
        return None
    return Effect.SAME if word == "linear" else BY_WORD[word]


_EFFECTS = (
    (_RESHAPING, Effect.RESHAPES),
    (_SAME, Effect.SAME),
    (_CLIPPING, Effect.CLIPS),
    (_LOGARITHMS, Effect.LOGS),
    (_JOINING, Effect.JOINS),
)

# -- methods: x.f() --------------------------------------------------------------------------------

_METHODS = (
    dict.fromkeys(
        (
            "view reshape squeeze squeeze_ unsqueeze unsqueeze_ transpose permute flatten t "
            "swapaxes movedim numpy mean view_as reshape_as expand repeat index_select"
        ).split(),
        Effect.RESHAPES,
    )
    | dict.fromkeys(
        (
            "contiguous float double half bfloat16 to cuda cpu type type_as clone detach detach_ "
            "requires_grad_ data"
        ).split(),
        Effect.SAME,
    )
    | dict.fromkeys(("clamp", "clamp_", "clip"), Effect.CLIPS)
    | {"log": Effect.LOGS, "log_": Effect.LOGS}
)


def of_method(name: str) -> Kind | Effect | None:
    """What `x.name(...)` makes of a tensor `x`."""
    if name in ("matmul", "mm", "bmm"):
        return Kind.LINEAR
    if name in ("softmax", "log_softmax", "sigmoid", "sigmoid_", "relu", "relu_", "tanh", "exp"):
        return BY_WORD[name.rstrip("_")]
    return _METHODS.get(name)


# -- layers ----------------------------------------------------------------------------------------

_TORCH_LAYERS: dict[str, Kind | Effect] = {
    "Softmax": Kind.SOFTMAX,
    "Softmax2d": Kind.SOFTMAX,
    "LogSoftmax": Kind.LOG_SOFTMAX,
    "Sigmoid": Kind.SIGMOID,
    **dict.fromkeys(
        (
            "Linear LazyLinear Bilinear Conv1d Conv2d Conv3d LazyConv1d LazyConv2d LazyConv3d "
            "ConvTranspose1d ConvTranspose2d ConvTranspose3d"
        ).split(),
        Kind.LINEAR,
    ),
    **dict.fromkeys(
        (
            "ReLU ReLU6 LeakyReLU PReLU RReLU ELU SELU CELU GELU SiLU Mish Tanh Softplus Softsign "
            "Hardtanh Hardsigmoid Hardswish Hardshrink Softshrink Tanhshrink LogSigmoid GLU "
            "Threshold"
        ).split(),
        Kind.OTHER,
    ),
    **dict.fromkeys(
        "Identity Dropout Dropout1d Dropout2d Dropout3d AlphaDropout FeatureAlphaDropout".split(),
        Effect.SAME,
    ),
    **dict.fromkeys(
        (
            "Flatten Unflatten AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d "
            "AdaptiveAvgPool3d MaxPool1d MaxPool2d MaxPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d "
            "Upsample UpsamplingBilinear2d UpsamplingNearest2d PixelShuffle"
        ).split(),
        Effect.RESHAPES,
    ),
    **dict.fromkeys(
        "BatchNorm1d BatchNorm2d BatchNorm3d LayerNorm GroupNorm InstanceNorm2d".split(),
        Effect.SHIFTS,
    ),
}

# Keras layers that end in their own `activation`, with its position among the arguments.
WITH_ACTIVATION = {
    "Dense": 1,
    "EinsumDense": 2,
    "DepthwiseConv1D": 6,
    "DepthwiseConv2D": 6,
    **dict.fromkeys(
        (
            "Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose "
            "SeparableConv1D SeparableConv2D"
        ).split(),
        7,
    ),
}

_KERAS_LAYERS: dict[str, Kind | Effect] = {
    "Softmax": Kind.SOFTMAX,
    **dict.fromkeys(
        "ReLU LeakyReLU PReLU ELU LSTM GRU SimpleRNN Bidirectional".split(), Kind.OTHER
    ),
    **dict.fromkeys(
        (
            "Dropout SpatialDropout1D SpatialDropout2D AlphaDropout Identity InputLayer "
            "ActivityRegularization GaussianNoise GaussianDropout"
        ).split(),
        Effect.SAME,
    ),
    **dict.fromkeys(
        (
            "Flatten Reshape Permute RepeatVector GlobalAveragePooling1D GlobalAveragePooling2D "
            "GlobalAveragePooling3D AveragePooling1D AveragePooling2D GlobalMaxPool1D "
            "GlobalMaxPool2D MaxPool1D MaxPool2D UpSampling1D UpSampling2D UpSampling3D Cropping1D "
            "Cropping2D Resizing"
        ).split(),
        Effect.RESHAPES,
    ),
    **dict.fromkeys(
        "BatchNormalization LayerNormalization GroupNormalization".split(), Effect.SHIFTS
    ),
    **dict.fromkeys("Concatenate Add Average".split(), Effect.JOINS),
}


def of_layer(name: str) -> Kind | Effect | None:
    """What a layer of the framework class `name` makes of its input.

    Keras layers in `WITH_ACTIVATION` are left to the caller, who sees their arguments.
    """
    prefix, _, word = name.rpartition(".")
    if prefix == "torch.nn":
        return _TORCH_LAYERS.get(word)
    if prefix == "keras.layers":
        return _KERAS_LAYERS.get(word)
    return None
