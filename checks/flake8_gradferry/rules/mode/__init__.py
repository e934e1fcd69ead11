"""Rules on train and eval mode."""
