"""Which layers act otherwise in training than in evaluation: the one place for that fact.

Sources: the frameworks' own code, torch 2.13 (`torch/nn/modules`) and Keras 3.15
(`keras/src/layers`); `tests/facts/test_modes.py` runs torch's layers and most of Keras' both ways.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from ..source.functions import default_named
from ..source.infer import origins
from ..source.project import Symbol
from ..source.walk import FUNCTIONS, File, Function, remembered_or
from .layer_names import is_zoo
from .models import Found, Layer, class_lineage, forward, graph_of, held, layers, members, within


class Switch(NamedTuple):
    """An argument that decides whether a layer depends on the mode: it does where it is not 0."""

    keyword: str
    position: int | None  # None: by keyword only
    default: float


_RATE = (Switch("rate", 0, 0.5),)
_RECURRENT = (Switch("dropout", None, 0.0), Switch("recurrent_dropout", None, 0.0))
_P = (Switch("p", 0, 0.5),)
_STATS = (Switch("track_running_stats", 4, 1.0),)

# A layer depends on the mode if any of its switches is on.
SWITCHES: dict[str, tuple[Switch, ...]] = {
    **dict.fromkeys(
        (
            "torch.nn.Dropout torch.nn.Dropout1d torch.nn.Dropout2d torch.nn.Dropout3d "
            "torch.nn.AlphaDropout torch.nn.FeatureAlphaDropout"
        ).split(),
        _P,
    ),
    **dict.fromkeys(
        "torch.nn.BatchNorm1d torch.nn.BatchNorm2d torch.nn.BatchNorm3d".split(), _STATS
    ),
    **dict.fromkeys(
        (
            "torch.nn.SyncBatchNorm torch.nn.LazyBatchNorm1d torch.nn.LazyBatchNorm2d "
            "torch.nn.LazyBatchNorm3d"
        ).split(),
        (Switch("track_running_stats", None, 1.0),),
    ),
    **dict.fromkeys(
        "torch.nn.InstanceNorm1d torch.nn.InstanceNorm2d torch.nn.InstanceNorm3d".split(),
        (Switch("track_running_stats", 4, 0.0),),
    ),
    "torch.nn.RReLU": (),
    **dict.fromkeys(
        "torch.nn.LSTM torch.nn.GRU torch.nn.RNN".split(), (Switch("dropout", 5, 0.0),)
    ),
    "torch.nn.MultiheadAttention": (Switch("dropout", 2, 0.0),),
    "torch.nn.TransformerEncoderLayer": (Switch("dropout", 3, 0.1),),
    "torch.nn.TransformerDecoderLayer": (Switch("dropout", 3, 0.1),),
    "torch.nn.Transformer": (Switch("dropout", 5, 0.1),),
    **dict.fromkeys(
        (
            "keras.layers.Dropout keras.layers.SpatialDropout1D keras.layers.SpatialDropout2D "
            "keras.layers.SpatialDropout3D keras.layers.AlphaDropout keras.layers.GaussianDropout"
        ).split(),
        _RATE,
    ),
    "keras.layers.GaussianNoise": (Switch("stddev", 0, 1.0),),
    "keras.layers.BatchNormalization": (Switch("trainable", None, 1.0),),
    "keras.layers.SyncBatchNormalization": (Switch("trainable", None, 1.0),),
    "keras.layers.SpectralNormalization": (),
    **dict.fromkeys(
        (
            "keras.layers.LSTM keras.layers.GRU keras.layers.SimpleRNN keras.layers.LSTMCell "
            "keras.layers.GRUCell keras.layers.SimpleRNNCell keras.layers.ConvLSTM1D "
            "keras.layers.ConvLSTM2D keras.layers.ConvLSTM3D"
        ).split(),
        _RECURRENT,
    ),
    "keras.layers.MultiHeadAttention": (Switch("dropout", 3, 0.0),),
    "keras.layers.GroupQueryAttention": (Switch("dropout", 3, 0.0),),
    "keras.layers.Attention": (Switch("dropout", 2, 0.0),),
    "keras.layers.AdditiveAttention": (Switch("dropout", 1, 0.0),),
    **dict.fromkeys(
        (
            "keras.layers.AugMix keras.layers.CutMix keras.layers.MixUp keras.layers.RandAugment "
            "keras.layers.RandomBrightness keras.layers.RandomColorDegeneration "
            "keras.layers.RandomColorJitter keras.layers.RandomContrast keras.layers.RandomCrop "
            "keras.layers.RandomElasticTransform keras.layers.RandomErasing "
            "keras.layers.RandomFlip keras.layers.RandomGaussianBlur keras.layers.RandomGrayscale "
            "keras.layers.RandomHue keras.layers.RandomInvert keras.layers.RandomPerspective "
            "keras.layers.RandomPosterization keras.layers.RandomRotation "
            "keras.layers.RandomSaturation keras.layers.RandomSharpness keras.layers.RandomShear "
            "keras.layers.RandomTranslation keras.layers.RandomZoom"
        ).split(),
        (),
    ),
}

# Their dropout stands between stacked layers only.
_STACKED = ("torch.nn.LSTM", "torch.nn.GRU", "torch.nn.RNN")
# keras.applications without batch norm, dropout or stochastic depth.
_PLAIN_APPLICATIONS = ("VGG16", "VGG19")
# Models of torchvision and timm that have none of these unless they are asked for it.
_PLAIN_MODELS = re.compile(
    r"(?:\w+/|hf.hub:|tf_)*(?:vit|deit|beit|eva|flexivit|convnext|mixer|gmlp|resmlp|cait|xcit)"
)


# -- the question ----------------------------------------------------------------------------------


def mode_dependent(file: File, node: ast.AST) -> bool | None:
    """Whether the model or layer that `node` stands for acts otherwise in training.

    True if some layer in it is seen to, False if everything in it is seen and nothing does, None
    if it cannot be told (also where `node` is no layer as far as can be seen).
    """
    found = layers(file, node)
    return any_dependent(found) if found.layers else None


def any_dependent(found: Found) -> bool | None:
    """The same question about layers that were found elsewhere."""
    answers = [layer_dependent(layer) for layer in found.layers]
    if True in answers:
        return True
    return None if None in answers or not found.complete else False


@remembered_or(False)  # a layer that holds itself adds nothing by that
def layer_dependent(layer: Layer) -> bool | None:
    """The same question about one layer."""
    if layer.cls is not None:
        own = class_dependent(layer.cls)
        return own if own else _either(own, _inside(layer))
    if is_zoo(layer.name):
        return _zoo_dependent(layer)
    switches = SWITCHES.get(layer.name)
    if switches is None:
        return _inside(layer)
    if layer.name in _STACKED and _on(layer, Switch("num_layers", 2, 1), off=1) is False:
        return False
    if not switches:
        return True
    answer: bool | None = False
    for switch in switches:
        answer = _either(answer, _on(layer, switch))
    return answer


def _zoo_dependent(layer: Layer) -> bool | None:
    """Whether a zoo's model, known by name alone, holds batch norm, dropout or stochastic depth."""
    name = layer.name.rpartition(".")[2]
    if layer.name.startswith("keras.applications."):
        return name not in _PLAIN_APPLICATIONS
    if any("drop" in (keyword.arg or "") for keyword in layer.call.keywords):
        return True
    if name in ("create_model", "get_model") and layer.call.args:
        names = [origin.node for origin in origins(layer.file, layer.call.args[0])]
        chosen = [at.value for at in names if isinstance(at, ast.Constant)]
        plain = any(_PLAIN_MODELS.match(str(each)) for each in chosen)
    else:
        plain = _PLAIN_MODELS.match(name) is not None
    return None if plain else True


@remembered_or(False)  # a class that holds itself adds nothing by that
def class_dependent(symbol: Symbol) -> bool | None:
    """Whether instances of a project's class act otherwise in training."""
    family = class_lineage(symbol)
    if not family.names.isdisjoint(SWITCHES):
        return True if forward(symbol) is None else None
    held_layers = any_dependent(held(symbol))
    if held_layers or (family.is_torch_module and reads_training(symbol)):
        return True
    if acts_on_training(symbol) or (held_layers is None and hands_training_on(symbol)):
        return True
    return held_layers


def reads_training(symbol: Symbol) -> bool:
    """Whether a torch module looks at `self.training` itself."""
    return any(
        isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr == "training"
        for at in class_lineage(symbol).classes
        for node in at.file.inside(at.node)[ast.Attribute]
        if isinstance(node.ctx, ast.Load)
    )


def takes_training(symbol: Symbol) -> bool:
    """Whether the class' forward pass has a parameter `training`; `**kwargs` does not count."""
    call = forward(symbol)
    if call is None or not isinstance(call.node, FUNCTIONS):
        return False
    args = call.node.args
    return any(arg.arg == "training" for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs))


def acts_on_training(symbol: Symbol) -> bool:
    """Whether a Keras `call` uses its `training` for more than handing it on.

    Not where it says `training=True` itself: such a layer is on unless it is told otherwise.
    """
    call = forward(symbol)
    default = default_named(call.node, "training") if call is not None else None
    if isinstance(default, ast.Constant) and default.value is True:
        return False
    return any(
        not isinstance(file.parent(name), (ast.keyword, ast.Call))
        for file, name in _uses_of_training(symbol)
    )


def hands_training_on(symbol: Symbol) -> bool:
    """Whether a Keras `call` hands its `training` on: its author knows of somebody who cares."""
    return any(True for _ in _uses_of_training(symbol))


def _uses_of_training(symbol: Symbol) -> Iterator[tuple[File, ast.Name]]:
    call = forward(symbol)
    if call is not None and class_lineage(symbol).is_keras_layer and takes_training(symbol):
        for name in call.file.inside(call.node)[ast.Name]:
            if name.id == "training" and isinstance(name.ctx, ast.Load):
                yield call.file, name


def only_chosen(found: Found) -> bool:
    """Whether what depends on the mode is made under an `if` each time: the model may lack it.

    `if norm == "batch": return BatchNormalization()`, and a group norm for the other names.
    """
    parts = dict.fromkeys(part for layer in found.layers for part in within(layer))
    makers = [part for part in parts if layer_dependent(part) and not any_dependent(members(part))]
    return bool(makers) and all(_is_chosen(part) for part in makers)


def _is_chosen(layer: Layer) -> bool:
    for above in layer.file.ancestors(layer.node):
        if isinstance(above, (ast.If, ast.IfExp)):
            return True
        if isinstance(above, (*FUNCTIONS, ast.ClassDef)):
            return False
    return False


def _inside(layer: Layer) -> bool | None:
    """The question about what a layer holds."""
    functional = layer.name == "keras.Model" or (
        layer.cls is not None
        and class_lineage(layer.cls).is_keras_model
        and forward(layer.cls) is None
    )
    if not functional:
        return any_dependent(members(layer))
    answer: bool | None = False
    for applied in graph_of(layer):
        if not _mode_fixed(applied.call):
            answer = _either(answer, any_dependent(applied.run))
    return answer


def _mode_fixed(call: ast.Call) -> bool:
    """Whether a layer is applied with `training=True` or `training=False` for good."""
    return any(k.arg == "training" and isinstance(k.value, ast.Constant) for k in call.keywords)


def _either(first: bool | None, second: bool | None) -> bool | None:
    if first or second:
        return True
    return None if first is None or second is None else False


def _on(layer: Layer, switch: Switch, off: float = 0) -> bool | None:
    """Whether a switch is on. A rate that the program computes is taken to be one; a parameter
    that is off by default, and of which no call is seen, cannot be told."""
    file, call = layer.file, layer.call
    value = argument(call, switch.keyword, switch.position)
    if value is None:
        spread = any(k.arg is None for k in call.keywords)
        spread = spread or any(isinstance(item, ast.Starred) for item in call.args)
        return None if spread else switch.default != off
    answer: bool | None = False
    for origin in origins(file, value):
        match origin.node:
            case ast.Constant(value=None):
                here: bool | None = False
            case ast.Constant(value=constant):
                here = constant != off
                if not here and isinstance(origin.file.parent(origin.node), ast.arguments):
                    here = None
            case _:
                here = True
        answer = _either(answer, here)
    return answer


# -- where it is asked for -------------------------------------------------------------------------

# How people name what is to stay on in evaluation.
_ON_PURPOSE = re.compile(r"MC|[Aa]lways|[Pp]ermanent|(?i:mc_|_mc|monte|bayes|uncertain)")


def on_purpose(file: File, node: ast.AST) -> bool:
    """Whether a class or function around `node` is named for Monte Carlo dropout or its like."""
    around = (
        above for above in file.ancestors(node) if isinstance(above, (*FUNCTIONS, ast.ClassDef))
    )
    return any(_ON_PURPOSE.search(above.name) for above in around)


def forward_pass(file: File, cls: ast.ClassDef, name: str) -> list[Function]:
    """The class' own `forward` or `call`, by its name, and its other methods that it runs."""
    methods = file.methods(cls)
    reached = [methods[name]] if name in methods else []
    for function in reached:  # grows while it is read
        for use in file.inside(function)[ast.Attribute]:
            method = methods.get(use.attr) if file.dotted(use.value) == "self" else None
            if method is not None and method not in reached:
                reached.append(method)
    return reached


def argument(call: ast.Call, keyword: str, position: int | None) -> ast.expr | None:
    """The expression that a call passes under a keyword or at a position (from 0)."""
    for given in call.keywords:
        if given.arg == keyword:
            return given.value
    if position is None or position >= len(call.args):
        return None
    if any(isinstance(item, ast.Starred) for item in call.args[: position + 1]):
        return None
    return call.args[position]


def asks_mode(file: File, call: ast.Call) -> bool:
    """Whether a test on `training` stands around the call, or before it in the same function."""
    function = file.function(call)
    inside = file.inside(function) if function else file.index
    return any(
        isinstance(above := file.parent(_test_of(file, node)), (ast.If, ast.IfExp))
        and above.lineno <= call.lineno
        for node in inside[ast.Attribute]
        if node.attr == "training"
    )


def _test_of(file: File, node: ast.expr) -> ast.expr:
    """The whole condition that an expression is part of."""
    while isinstance(above := file.parent(node), (ast.BoolOp, ast.UnaryOp, ast.Compare)):
        node = above
    return node
