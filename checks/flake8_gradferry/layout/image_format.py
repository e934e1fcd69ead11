"""Which layout a Keras layer expects images in, where the file says so."""

from __future__ import annotations

import ast

from ..model.modes import argument
from ..source.walk import File, remembered

CHANNELS_FIRST = "channels_first"


@remembered
def speaks_of_channels_first(file: File) -> bool:
    """Whether channels-first images are mentioned at all: as a word, or as Keras 1's "th"."""
    return any(
        node.value in (CHANNELS_FIRST, "th", "NCHW")
        for node in file.index[ast.Constant]
        if isinstance(node.value, str)
    )


@remembered
def is_set_channels_first(file: File) -> bool:
    """Whether the file itself, at its top level, makes channels first the default."""
    for call in file.calls_by_name.get("set_image_data_format", ()):
        match call.args, file.parent(file.parent(call) or call):
            case [ast.Constant(value="channels_first")], ast.Module():
                return True
    return False


def image_format(file: File, maker: ast.AST) -> str | None:
    """`channels_first` or `channels_last`, as a layer was told; None where nothing tells."""
    if not isinstance(maker, ast.Call):
        return None
    given = argument(maker, "data_format", None)
    match given:
        case ast.Constant(value=str(word)):
            return word
        case None:
            if is_set_channels_first(file):
                return CHANNELS_FIRST
            return None if speaks_of_channels_first(file) else "channels_last"
    return None
