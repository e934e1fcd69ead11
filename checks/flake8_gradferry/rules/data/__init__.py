"""Rules on saving, loading, data and reproducibility."""
