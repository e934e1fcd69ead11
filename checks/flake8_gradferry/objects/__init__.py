"""Of which framework an object is, and what of theirs."""
