"""Readers of training data, and the registry of its formats."""
