"""Data sets: MNIST and the user's own, minibatches, normalisation, augmentation.

NumPy does the work; augmentation compiles its loops with Numba where that is installed.
"""
