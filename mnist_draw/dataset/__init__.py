"""The digits: MNIST's files, minibatches, preprocessing, augmentation, and data of one's own.

NumPy does the work; augmentation compiles its loops with Numba where that is installed.
"""
