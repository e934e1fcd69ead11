"""Why two models differ: hypotheses, each applied to the port and measured."""
