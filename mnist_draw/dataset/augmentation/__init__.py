"""Variation of the training pictures."""
