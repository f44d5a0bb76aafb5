"""A network laid open: what its layers and units put out, and what that adds up to."""
