"""Opinions: off unless they are selected."""
