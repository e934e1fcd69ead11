"""What a model ends in, and which loss it meets."""
