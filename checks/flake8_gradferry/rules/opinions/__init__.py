"""Opinions: off unless they are asked for."""
