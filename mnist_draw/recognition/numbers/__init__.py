"""Several digits from left to right."""
