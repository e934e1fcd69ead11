"""Single mistakes planted into right ports, each with what a report must name."""

from .convolutional import PLANTS as _CONVOLUTIONAL
from .generative import PLANTS as _GENERATIVE
from .plant import Plant, modules, named, report_of
from .sequence import PLANTS as _SEQUENCE
from .training import PLANTS as _TRAINING

__all__ = ["PLANTS", "Plant", "modules", "named", "report_of"]

PLANTS: tuple[Plant, ...] = (*_CONVOLUTIONAL, *_GENERATIVE, *_SEQUENCE, *_TRAINING)
