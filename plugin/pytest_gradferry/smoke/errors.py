"""What goes wrong with a run, not in the training that it tests."""

from __future__ import annotations


class SmokeError(ValueError):
    """The run cannot be done as asked; the message says what to change."""
