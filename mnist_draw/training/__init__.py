"""Training: compiled functions, the one epoch loop, its events and checkpoints."""
