"""For users of Python, beside the tutorial's functions."""
