"""Flake8 rules for moving models between PyTorch and TensorFlow 2 / Keras."""

__version__ = "0.1.0"
