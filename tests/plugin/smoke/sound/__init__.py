"""More sound training that a smoke test must let pass: models, losses and loops, by framework.

A case returns (model, inputs, targets, how to train).  tests/bench/smoke_sound.py runs them all
under many seeds, so what a case draws comes from the global generators.
"""
