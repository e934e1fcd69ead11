"""Axes, windows, images, masks, and weights carried across."""
