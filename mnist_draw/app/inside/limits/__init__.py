"""How much a network can take."""
