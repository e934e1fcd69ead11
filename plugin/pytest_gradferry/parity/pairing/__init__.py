"""Which layer, call and weight of the port is which of the reference's."""
