"""The one error for what `parity` was given wrongly, as opposed to a port that differs."""


class ParityInputError(ValueError):
    """Models, arrays or options that cannot be compared. The message says what to give instead."""
