"""Trained networks as files: listed, found by name or key, opened, renamed, deleted, restored."""
