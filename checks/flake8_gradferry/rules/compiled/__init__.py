"""Rules on compiled and distributed training and mixed precision."""
