"""Losses and optimizers, by name or of the user's own, and what of them can never agree."""
