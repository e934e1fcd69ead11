"""Rules on losses and optimizers."""
