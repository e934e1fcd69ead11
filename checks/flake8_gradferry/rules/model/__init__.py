"""Rules on model definitions."""
