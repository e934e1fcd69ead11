"""Which layout images have by where they come from.

Sources: https://keras.io/api/datasets/, https://docs.opencv.org, https://docs.pytorch.org/vision.
"""

from __future__ import annotations

import ast
from enum import Enum

from ..source.infer import Origin, origins
from ..source.walk import File, remembered_or
from .axes import leading


class Layout(Enum):
    """Where the channels of an image stand."""

    CHANNELS_FIRST = "channels first"
    CHANNELS_LAST = "channels last"


_LAST = frozenset(
    (
        "PIL.Image.open cv2.imread imageio.imread imageio.v2.imread imageio.v3.imread "
        "matplotlib.image.imread matplotlib.pyplot.imread skimage.io.imread "
        "keras.utils.load_img keras.utils.img_to_array keras.preprocessing.image.load_img "
        "keras.preprocessing.image.img_to_array keras.datasets.cifar10.load_data "
        "keras.datasets.cifar100.load_data"
    ).split()
)
# Sets whose `.data` is one array; `leading` has looked through the attribute.
_DATA_LAST = ("torchvision.datasets.CIFAR10", "torchvision.datasets.CIFAR100")
# What makes an image of an image, or a batch of images.
_HANDS_ON = frozenset("cv2.resize cv2.flip cv2.cvtColor numpy.stack numpy.expand_dims".split())
_METHODS = frozenset("convert resize crop rotate".split())
_COLOUR_SETS = ("CIFAR10", "CIFAR100", "SVHN", "STL10", "CelebA", "ImageFolder", "ImageNet")


@remembered_or(None)
def image_layout(file: File, node: ast.AST) -> Layout | None:
    """The layout of an image or batch of images, where all its sources agree."""
    found = {_source(origin) for origin in leading(file, node)}
    return found.pop() if len(found) == 1 else None


def _source(origin: Origin) -> Layout | None:
    file, node = origin.file, origin.node
    match node:
        case ast.Call(func=func):
            name = file.qualified(func)
            if name in _LAST or name in _DATA_LAST:
                return Layout.CHANNELS_LAST
            if name in _HANDS_ON and node.args and not origin.path and not _grey(node):
                return image_layout(file, node.args[0])
            if isinstance(func, ast.Attribute) and name is None and func.attr in _METHODS:
                return image_layout(file, func.value) if not _grey(node) else None
            if isinstance(func, ast.Name) and func.id == "next" and node.args:
                match node.args[0]:
                    case ast.Call(func=ast.Name(id="iter"), args=[loader]):
                        return _batches(file, loader) if origin.path == (0,) else None
        case ast.ListComp(elt=element):
            return image_layout(file, element)
        case ast.For(iter=loader) if origin.path == (0,):
            return _batches(file, loader)
    return None


def _grey(call: ast.Call) -> bool:
    """Whether a conversion may leave one channel."""
    words = [*call.args[1:], *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute) and call.func.attr == "convert":
        words = call.args
        return not all(isinstance(w, ast.Constant) and w.value == "RGB" for w in words)
    return any(isinstance(w, ast.Attribute) and "GRAY" in w.attr for w in words)


def _batches(file: File, loader: ast.expr) -> Layout | None:
    """What a DataLoader of torchvision's colour images yields."""
    for origin in origins(file, loader):
        call = origin.call
        if origin.callee != "torch.utils.data.DataLoader" or call is None or not call.args:
            return None
        if not _is_dataset(origin.file, call.args[0], _COLOUR_SETS):
            return None
    return Layout.CHANNELS_FIRST


def _is_dataset(file: File, node: ast.expr, names: tuple[str, ...]) -> bool:
    found = origins(file, node)
    return bool(found) and all(
        origin.callee in {f"torchvision.datasets.{name}" for name in names} for origin in found
    )
