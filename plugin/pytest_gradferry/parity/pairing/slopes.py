"""Which axis the slopes of a Keras PReLU belong to: it has no data format, and knows none."""

from __future__ import annotations

from ...frameworks import loaded
from ..sides.side import Event, Trace


def along_other_axis(event: Event, trace: Trace) -> bool:
    """A PReLU with a slope for each row or column, say, instead of each channel.

    Where the channels stand is told by the layers around it that have a data format.
    """
    shape = tuple(event.layer.alpha.shape) if event.row.kind == "prelu" else ()
    along = [axis for axis, n in enumerate(shape) if n > 1]
    if len(shape) < 2 or len(along) != 1:
        return False
    return along[0] != (0 if _data_format(event, trace) == "channels_first" else len(shape) - 1)


def _data_format(event: Event, trace: Trace) -> str:
    """That of the last layer before it which has one, else of the next, else Keras' own."""
    at = next(i for i, e in enumerate(trace.events) if e is event)
    around = [*reversed(trace.events[:at]), *trace.events[at:]]
    formats = (getattr(e.layer, "data_format", None) for e in around)
    found = next(filter(None, formats), None)
    if found is None and (keras := loaded("keras")) is not None:
        found = keras.config.image_data_format()
    return str(found)
