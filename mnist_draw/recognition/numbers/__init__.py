"""Several digits from left to right.

Modules
-------
number_reader
    Of all ways to put the pieces together, the most probable one is the number.
stroke_reader
    Whole pen strokes are put together to digits, where the strokes are known.
stroke_pieces
    Each stroke is drawn by itself, small and with a fine pen.
partition
    Of all ways to put pieces in a row together, the cheapest is found.
pieces
    Ink is cut into pieces that are digits or parts of digits.
seams
    Where to cut through ink that may be several touching digits.
"""
