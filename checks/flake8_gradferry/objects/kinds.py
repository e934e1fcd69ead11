"""Of which framework is it: torch's, TensorFlow's, Keras' or NumPy's, and what of theirs.

Answered from where the value comes from (`infer.origins`), and through calls of the frameworks,
calls of models and losses, arithmetic and annotations. None means that it cannot be seen, or that
it may be several things.
"""

from __future__ import annotations

import ast
from enum import Enum

from ..loop.things import imports_torch
from ..source.callframes import Path
from ..source.infer import Lineage, Origin, framework_bases, lineage, origins, self_assignments
from ..source.names import framework
from ..source.project import Symbol
from ..source.traced import is_traced
from ..source.versions import backend, spellings
from ..source.walk import FUNCTIONS, File, remembered, remembered_or


class Kind(Enum):
    """What an object is."""

    TORCH_TENSOR = "a torch tensor"
    TORCH_MODULE = "a torch module"
    TORCH_OPTIMIZER = "a torch optimizer"
    TF_TENSOR = "a TensorFlow tensor"
    TF_VARIABLE = "a TensorFlow variable"
    TF_DATASET = "a TensorFlow dataset"
    KERAS_TENSOR = "a Keras tensor"  # of the backend, whichever that is
    KERAS_LAYER = "a Keras layer"
    KERAS_MODEL = "a Keras model"
    KERAS_OPTIMIZER = "a Keras optimizer"
    KERAS_LOSS = "a Keras loss"
    NUMPY_ARRAY = "a NumPy array"


TENSORS = frozenset((Kind.TF_TENSOR, Kind.TF_VARIABLE, Kind.KERAS_TENSOR, Kind.TORCH_TENSOR))
_OF_CLASSES = {
    "torch.optim.Optimizer": Kind.TORCH_OPTIMIZER,
    "torch.nn.Module": Kind.TORCH_MODULE,
    "torch.Tensor": Kind.TORCH_TENSOR,
    "torch.nn.Parameter": Kind.TORCH_TENSOR,
    "tensorflow.Tensor": Kind.TF_TENSOR,
    "tensorflow.Variable": Kind.TF_VARIABLE,
    "tensorflow.data.Dataset": Kind.TF_DATASET,
    "keras.optimizers.Optimizer": Kind.KERAS_OPTIMIZER,
    "keras.losses.Loss": Kind.KERAS_LOSS,
    "keras.Model": Kind.KERAS_MODEL,  # before its base
    "keras.layers.Layer": Kind.KERAS_LAYER,
    "numpy.ndarray": Kind.NUMPY_ARRAY,
}
# The functions of the top level of TensorFlow 2.21 that return one dense tensor.
_TENSOR_FUNCTIONS = frozenset(
    (
        "abs acos acosh add add_n argmax argmin argsort asin asinh atan atan2 atanh bitcast "
        "boolean_mask broadcast_to cast clip_by_norm clip_by_value complex concat constant "
        "convert_to_tensor cos cosh cumsum divide einsum ensure_shape equal exp expand_dims eye "
        "fill floor gather gather_nd greater greater_equal identity less less_equal linspace "
        "logical_and logical_not logical_or matmul maximum minimum multiply negative norm "
        "not_equal one_hot ones ones_like pad pow range rank reduce_all reduce_any "
        "reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum repeat reshape "
        "reverse roll round saturate_cast scatter_nd sequence_mask shape sigmoid sign sin sinh "
        "size slice sort sqrt square squeeze stack stop_gradient subtract tan tanh "
        "tensor_scatter_nd_add tensor_scatter_nd_max tensor_scatter_nd_min tensor_scatter_nd_sub "
        "tensor_scatter_nd_update tensordot tile transpose truediv where zeros zeros_like"
    ).split()
)
_TENSOR_MODULES = {
    "tensorflow.math": frozenset(("top_k", "approx_max_k", "approx_min_k")),
    "tensorflow.nn": frozenset(
        (
            "moments normalize_moments weighted_moments sufficient_statistics top_k "
            "max_pool_with_argmax ctc_greedy_decoder ctc_beam_search_decoder dynamic_rnn "
            "bidirectional_dynamic_rnn static_rnn rnn_cell fractional_max_pool "
            "fractional_avg_pool ctc_unique_labels all_candidate_sampler"
        ).split()
    ),
    "tensorflow.random": frozenset(
        (
            "set_seed get_global_generator set_global_generator split fold_in create_rng_state "
            "set_random_seed"
        ).split()
    ),
    "tensorflow.image": frozenset(
        (
            "non_max_suppression_with_scores non_max_suppression_padded image_gradients "
            "combined_non_max_suppression sample_distorted_bounding_box is_jpeg "
            "generate_bounding_box_proposals"
        ).split()
    ),
    "keras.ops": frozenset(
        (
            "associative_scan cond convert_to_numpy dtype eig eigh fori_loop is_tensor map "
            "meshgrid moments ndim qr scan shape size slogdet split svd switch top_k unstack "
            "vectorized_map while_loop"
        ).split()
    ),
    "keras.random": frozenset(("SeedGenerator",)),
    "keras.activations": frozenset(("get", "serialize", "deserialize")),
    "keras.losses": frozenset(("get", "serialize", "deserialize")),
}
_MODEL_FUNCTIONS = frozenset(
    (
        "keras.models.clone_model keras.models.load_model keras.models.model_from_json "
        "keras.saving.load_model"
    ).split()
)
# Methods of a dataset that give a dataset.
_DATASET_METHODS = frozenset(
    (
        "batch cache concatenate filter flat_map interleave map padded_batch prefetch ragged_batch "
        "rebatch repeat shard shuffle skip snapshot take unbatch with_options"
    ).split()
)


@remembered_or(None)
def kind(file: File, node: ast.expr) -> Kind | None:
    """What the value of `node` is wherever it may come from, or None.

    A constant is where it starts from: `loss = 0`, `model = None`.
    """
    kinds = {_kind_of(end) for end in origins(file, node) if not isinstance(end.node, ast.Constant)}
    return kinds.pop() if len(kinds) == 1 else None


def _kind_of(origin: Origin) -> Kind | None:
    file, node = origin.file, origin.node
    if isinstance(node, ast.For | ast.AsyncFor):
        return _of_item(file, node.iter, origin.path)
    if isinstance(node, ast.arg):
        return _of_parameter(origin, node)
    if origin.path:  # a part of a tensor is a tensor
        return _of_operands(_kind_of(origin._replace(path=())))
    match node:
        case ast.Call():
            return _of_call(origin, node)
        case ast.BinOp(left=left, right=right) if not _is_python(left) | _is_python(right):
            return _of_operands(kind(file, left), kind(file, right))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _of_operands(kind(file, operand))
        case ast.Subscript(value=value):
            return _of_operands(kind(file, value))
        case ast.Attribute(attr="optimizer", value=model):  # what `compile` made
            return Kind.KERAS_OPTIMIZER if kind(file, model) is Kind.KERAS_MODEL else None
        case ast.AugAssign(target=ast.Name() as name):
            return _of_name(file, name)
    return None


def _of_item(file: File, items: ast.expr, path: Path) -> Kind | None:
    """Datasets give tensors where an item is taken apart; a whole item may be a dict."""
    match items:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if path[:1] == (1,):
            return _of_item(file, inner, path[1:])
        case ast.Call(func=ast.Name(id="tqdm"), args=[inner, *_]):
            return _of_item(file, inner, path)
    return Kind.TF_TENSOR if path and kind(file, items) is Kind.TF_DATASET else None


def _of_operands(*sides: Kind | None) -> Kind | None:
    """What arithmetic gives: what is no tensor (a number, an array, unseen) becomes one."""
    tensors = {side for side in sides if side in TENSORS}
    if Kind.TF_VARIABLE in tensors:
        tensors = (tensors - {Kind.TF_VARIABLE}) | {Kind.TF_TENSOR}
    if tensors == {Kind.TF_TENSOR, Kind.KERAS_TENSOR}:
        return Kind.TF_TENSOR
    return tensors.pop() if len(tensors) == 1 else None


def _is_python(node: ast.expr) -> bool:
    """A string or list, of which `%`, `+` and `*` make another."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    return isinstance(node, ast.JoinedStr | ast.List | ast.Tuple | ast.ListComp)


def _of_name(file: File, name: ast.Name) -> Kind | None:
    """A name that is changed in place: `loss += penalty`."""
    scope = file.scope(name).find(name.id)
    assert scope is not None
    bindings = scope.bindings[name.id]
    values = [b.value for b in bindings if b.kind in ("assign", "augment")]
    if len(values) < len(bindings):
        return None
    return _of_operands(*(kind(file, value) for value in values if value is not None))


def _of_parameter(origin: Origin, node: ast.arg) -> Kind | None:
    if origin.path:
        return None
    file = origin.file
    function = file.enclosing(node, *FUNCTIONS, ast.Lambda)
    if not isinstance(function, FUNCTIONS) or (owner := file.owner(function)) is None:
        return _of_types(origin.types)
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
    if names[:1] == [node.arg] == ["self"]:
        return _of_family(lineage(file, owner))
    if function.name == "call" and names[1:2] == [node.arg] and node.annotation is None:
        if function.decorator_list and not is_traced(file, function):
            return None
        family = lineage(file, owner)
        return Kind.KERAS_TENSOR if family.is_keras_layer and family.complete else None
    return _of_types(origin.types)


def _of_types(types: frozenset[str]) -> Kind | None:
    return next((kind for name, kind in _OF_CLASSES.items() if name in types), None)


def _of_family(family: Lineage) -> Kind | None:
    """An instance of a class of the project, if all of its bases are seen."""
    return _of_types(family.names) if family.complete else None


def _of_call(origin: Origin, call: ast.Call) -> Kind | None:
    file = origin.file
    name = origin.callee
    if (cls := origin.cls_in_sight) is not None:
        assert isinstance(cls.node, ast.ClassDef)
        return _of_family(lineage(cls.file, cls.node))
    if name and framework(name):
        return _of_framework_call(file, name)
    if name.partition(".")[0] == "numpy":
        return Kind.NUMPY_ARRAY if name.rpartition(".")[0] in ("numpy", "numpy.random") else None
    func = call.func
    if isinstance(func, ast.Attribute):
        return _of_method(file, func, call)
    if not name:
        return _run_by(file, func)
    return None


def _of_framework_call(file: File, name: str) -> Kind | None:
    module, _, last = name.rpartition(".")
    if name.startswith("tensorflow.data.") and (
        last[:1].isupper() or last.startswith("from_") or module.endswith("Dataset")
    ):
        return Kind.TF_DATASET if "Dataset" in name else None
    if name.startswith("keras.utils.") and last.endswith("_dataset_from_directory"):
        return Kind.TF_DATASET
    if name == "keras.layers.Input":
        return Kind.KERAS_TENSOR
    if name in _MODEL_FUNCTIONS or (name.startswith("keras.applications.") and last[:1].isupper()):
        return Kind.KERAS_MODEL
    if last[:1].isupper():
        return _of_types(framework_bases(file, name)) or _by_module(module)
    if module == "tensorflow":
        return Kind.TF_TENSOR if last in _TENSOR_FUNCTIONS else None
    if module in _TENSOR_MODULES and last not in _TENSOR_MODULES[module]:
        return Kind.TF_TENSOR if module.startswith("tensorflow") else Kind.KERAS_TENSOR
    return None


def _by_module(module: str) -> Kind | None:
    """Framework classes that no stub names."""
    return Kind.TORCH_OPTIMIZER if module == "torch.optim" else None


def _of_method(file: File, func: ast.Attribute, call: ast.Call) -> Kind | None:
    """What a method of something, or something held by it, returns."""
    if file.qualified(func) is None:
        match func.attr:
            case "predict" | "predict_on_batch":
                return Kind.NUMPY_ARRAY if is_keras(kind(file, func.value)) else None
            case "compute_loss" | "compiled_loss":
                own = defines(file, func.value, func.attr)
                return Kind.KERAS_TENSOR if is_keras(kind(file, func.value)) and not own else None
            case "numpy":
                return Kind.NUMPY_ARRAY if not call.args else None
        if func.attr in _DATASET_METHODS and kind(file, func.value) is Kind.TF_DATASET:
            return Kind.TF_DATASET
    return _run_by(file, func)


def _run_by(file: File, func: ast.expr) -> Kind | None:
    """What comes out when an object is called; what a class of the project gives is not known."""
    if own_call(file, func) or has_distributions(file):
        return None
    maker = kind(file, func)
    if maker in (Kind.KERAS_LAYER, Kind.KERAS_MODEL, Kind.KERAS_LOSS):
        return Kind.KERAS_TENSOR
    return Kind.TORCH_TENSOR if maker is Kind.TORCH_MODULE else None


@remembered
def has_distributions(file: File) -> bool:
    """Whether models in this file may give distributions of TensorFlow Probability."""
    return any(name.startswith("tensorflow_probability") for name in file.imports.values())


def own_call(file: File, func: ast.expr) -> bool:
    """Whether what is called may be an instance of a project's class, which returns anything."""
    return any(
        origin.cls_in_sight is not None or isinstance(origin.node, ast.arg)
        for origin in origins(file, func)
    )


# -- what rules ask ------------------------------------------------------------------------------


def is_keras(found: Kind | None) -> bool:
    """Whether it is a Keras layer or model."""
    return found in (Kind.KERAS_LAYER, Kind.KERAS_MODEL)


@remembered
def keras_may_be_torch(file: File) -> bool:
    """Whether Keras in this file may run on the torch backend, where its tensors are torch's."""
    said = backend(file)
    if said:
        return said == "torch"
    return imports_torch(file) and not any(
        target.partition(".")[0] == "tensorflow" for target in file.imports.values()
    )


@remembered
def uses_tensorflow(file: File) -> bool:
    """Whether the file imports TensorFlow or Keras itself.

    One that does not may be run with any backend of a library that has several; Keras' own
    sources, which import `keras.src`, are such a library.
    """
    return any(
        framework(written) in ("tensorflow", "keras") and not written.startswith("keras.src")
        for written in spellings(file).values()
    )


def is_tensorflow_tensor(file: File, node: ast.expr) -> bool:
    """Whether an expression is a tensor of TensorFlow, made by Keras or not."""
    found = kind(file, node) if uses_tensorflow(file) else None
    if found is Kind.KERAS_TENSOR:
        return backend(file) in ("", "tensorflow") and not keras_may_be_torch(file)
    return found in (Kind.TF_TENSOR, Kind.TF_VARIABLE)


def classes(file: File, node: ast.expr) -> list[Symbol]:
    """The project's classes of which an expression may be an instance; `self` is of its own."""
    found = []
    for origin in origins(file, node):
        if isinstance(origin.node, ast.arg) and origin.node.arg == "self":
            owner = origin.file.method_class(origin.node)
            found += [Symbol(origin.file, owner)] if owner is not None else []
        elif (cls := origin.cls_in_sight) is not None:
            found.append(cls)
    return found


def defines(file: File, node: ast.expr, name: str) -> bool:
    """Whether an object was given a method or attribute of this name by the project."""
    for cls in classes(file, node):
        assert isinstance(cls.node, ast.ClassDef)
        family = lineage(cls.file, cls.node)
        if family.method(name) is not None or family.method("__getattr__") is not None:
            return True
        if any(name in self_assignments(at.file, at.node) for at in family.classes):
            return True
    return name in _attributes(file)


@remembered
def _attributes(file: File) -> frozenset[str]:
    """The attributes that the file sets on anything but `self`."""
    return frozenset(
        node.attr
        for node in file.index[ast.Attribute]
        if isinstance(node.ctx, ast.Store) and file.dotted(node.value) != "self"
    )


def is_chosen(file: File, node: ast.AST) -> bool:
    """Whether a node stands under a test on the backend or on what something is.

    `if backend() == "torch":`, `if isinstance(x, np.ndarray):`
    """
    for above in file.ancestors(node):
        if isinstance(above, ast.If | ast.IfExp):
            inside = file.inside(above.test)
            names = {name.id for name in inside[ast.Name]}
            values = {c.value for c in inside[ast.Constant] if isinstance(c.value, str)}
            if "isinstance" in names or not values.isdisjoint(("torch", "jax", "pt")):
                return True
    return False


def is_layer_input(file: File, node: ast.expr) -> bool:
    """Whether a value may be what a layer's `call` is given, which may be a list or a dict too."""
    return kind(file, node) is Kind.KERAS_TENSOR and any(
        isinstance(origin.node, ast.arg) for origin in origins(file, node)
    )
