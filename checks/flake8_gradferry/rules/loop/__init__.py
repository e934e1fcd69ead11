"""Rules on training loops and gradients."""
