"""Torch models as trainees."""
