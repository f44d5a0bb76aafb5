"""A trained network written for other programs: ONNX, arrays of NumPy, a program of its own.

All of them follow `mnist_draw.networks.operations`, the one description of what a network
computes, and answer with the probabilities that the program itself gives: calibrated, that is,
with the network's temperature.

Modules
-------
formats
    All formats, one entry each: for menus, dialogs and the command line.
onnx_file
    ONNX.
numpy_program
    A Python file that needs NumPy alone.
standalone
    What that file does; the program itself never calls it.
"""
