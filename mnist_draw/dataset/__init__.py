"""The digits: IDX files, the tutorial's split, minibatches and preprocessing (NumPy only)."""
