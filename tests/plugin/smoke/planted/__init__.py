"""More bugs for the smoke test: mistakes of whole loops, in torch and in Keras.

Each module has `BUGS`, rows of (what makes the training, the check that must fail, words that its
finding must have, the lint rule it names).
"""
