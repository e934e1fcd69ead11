"""Rules on tensors, dtypes and operations."""
