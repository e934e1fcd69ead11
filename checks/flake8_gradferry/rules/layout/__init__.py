"""Rules on layout, padding and axes."""
