"""How often a network is wrong, and where."""
