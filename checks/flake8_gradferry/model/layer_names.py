"""What the frameworks' layer classes are, by canonical name: containers, wrappers, with parameters.

Sources: https://docs.pytorch.org/docs/stable/nn.html and https://keras.io/api/layers/.
"""

from __future__ import annotations

import re

# Their arguments are what they hold.
CONTAINERS = frozenset(
    "torch.nn.Sequential keras.Sequential torch.nn.ModuleList torch.nn.ModuleDict".split()
)
# Layers that run the layer they are given first.
WRAPPERS = frozenset(
    (
        "keras.layers.Bidirectional keras.layers.RNN keras.layers.SpectralNormalization "
        "keras.layers.StackedRNNCells keras.layers.TimeDistributed keras.layers.Wrapper "
        "torch.nn.TransformerDecoder torch.nn.TransformerEncoder"
    ).split()
)
# Prefixes of the torch classes that have parameters whatever their arguments.
PARAMETRIC = (
    "torchvision.models.",
    *(
        f"torch.nn.{name}"
        for name in (
            "AdaptiveLogSoftmax BatchNorm Bilinear Conv Embedding GRU GroupNorm LSTM LayerNorm "
            "Lazy Linear MultiheadAttention PReLU RMSNorm RNN SyncBatchNorm Transformer"
        ).split()
    ),
)
# The Keras layers that make trainable weights, whatever their arguments.
WEIGHTED = frozenset(
    f"keras.layers.{name}"
    for name in (
        "AdditiveAttention BatchNormalization Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D "
        "Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution2D "
        "Convolution3D Dense DepthwiseConv1D DepthwiseConv2D EinsumDense Embedding GRU GRUCell "
        "GroupNormalization GroupQueryAttention LSTM LSTMCell LayerNormalization "
        "MultiHeadAttention PReLU RMSNormalization ReversibleEmbedding SeparableConv1D "
        "SeparableConv2D SeparableConvolution1D SeparableConvolution2D SimpleRNN SimpleRNNCell"
    ).split()
)
# With one of these sets of arguments all False, a layer has no weights to train.
WEIGHT_SWITCHES = tuple(
    frozenset(names.split())
    for names in ("affine", "elementwise_affine", "trainable", "center scale")
)
# Functions that hand back what they are given: a layer, or a collection of layers.
PASS_THROUGH = frozenset(
    (
        "collections.OrderedDict copy.copy copy.deepcopy enumerate filter itertools.chain list "
        "dict reversed set sorted tuple zip torch.nn.utils.parametrizations.orthogonal "
        "torch.nn.utils.parametrizations.spectral_norm torch.nn.utils.parametrizations.weight_norm "
        "torch.nn.utils.spectral_norm torch.nn.utils.weight_norm "
        "torch.quantization.prepare torch.jit.trace"
    ).split()
)
# Framework functions that return a model nobody can look into.
OPAQUE = frozenset(
    (
        "keras.models.clone_model keras.models.load_model keras.models.model_from_config "
        "keras.models.model_from_json keras.saving.load_model tensorflow.saved_model.load "
        "torch.hub.load torch.jit.load torch.load"
    ).split()
)
# Model zoos: whatever they make is one layer, known by its name.
_ZOO = re.compile(
    r"keras\.applications\.(?:\w+\.)*[A-Z]\w*"
    r"|torchvision\.models\.(?!\w*_Weights|list_models|get_weight|get_model_)\w+(?:\.\w+)*"
    r"|timm\.create_model|timm\.models\.(?!list_|is_model)(?:\w+\.)*\w+"
    r"|segmentation_models_pytorch\.[A-Z]\w*"
)
NOT_LAYERS = frozenset(
    (
        "keras.layers.Input keras.layers.InputSpec torch.nn.Buffer torch.nn.Parameter "
        "torch.nn.ParameterDict torch.nn.ParameterList"
    ).split()
)


def is_layer_class(name: str) -> bool:
    """Whether a canonical dotted name is that of a framework's layer or model class."""
    module, _, last = name.rpartition(".")
    return (
        last[:1].isupper()
        and name not in NOT_LAYERS
        and (module in ("torch.nn", "keras.layers") or name in ("keras.Model", "keras.Sequential"))
    )


def is_zoo(name: str) -> bool:
    """Whether a canonical dotted name is that of what makes a model zoo's models."""
    return _ZOO.fullmatch(name) is not None
