"""Several digits from left to right.

Modules
-------
number_reader
    Of all ways to put the pieces together, the most probable one is the number.
pieces
    Ink is cut into pieces that are digits or parts of digits.
seams
    Where to cut through ink that may be several touching digits.
"""
