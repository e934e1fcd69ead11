"""Pytest fixtures that smoke-test training and prove a port equal to its reference."""
