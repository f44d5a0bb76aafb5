"""A trained network written for other programs: ONNX, arrays of NumPy, a program of its own.

All of them follow `mnist_draw.networks.operations`, the one description of what a network
computes, and answer with the probabilities that the program itself gives: calibrated, that is,
with the network's temperature.
"""
