"""The rules, one module each; `catalog.py` finds them by walking this package."""
