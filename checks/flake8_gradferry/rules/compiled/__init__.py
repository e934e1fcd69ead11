"""Rules on compiled, distributed and mixed-precision training."""
