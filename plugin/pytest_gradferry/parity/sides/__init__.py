"""One model of either framework under comparison: run, watched, changed for a try, given back."""
