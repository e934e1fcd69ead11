"""Keras models as trainees."""
