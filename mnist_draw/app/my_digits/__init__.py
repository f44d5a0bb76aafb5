"""Digits that the user has taught, and learning them."""
