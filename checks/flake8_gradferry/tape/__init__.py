"""What a gradient tape records, and what becomes of its gradients."""
