"""What the fixtures do, without a test file: `gradferry parity` and `gradferry smoke`."""

from .parity import add_parity
from .smoke import add_smoke

__all__ = ["add_parity", "add_smoke"]
