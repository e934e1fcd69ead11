"""What happens in a torch training loop, in which order, and what autograd sees of it."""
