"""How a network learns: one training step of a copy of it."""
