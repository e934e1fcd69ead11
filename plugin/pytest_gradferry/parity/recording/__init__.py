"""A reference recorded in one environment, and a port compared with it in another."""
