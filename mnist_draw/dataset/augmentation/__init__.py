"""Variation of the training pictures.

Modules
-------
augmenter
    The named recipes, and what makes varied pictures by them.
hashed_random
    Random numbers that follow from seed, epoch and picture alone.
warp
    Smooth deformations: slant, bends and waves.
skeleton
    The path that the pen took, from a picture of its ink.
skeleton_store
    Skeletons of a whole data set, kept compactly.
writing_styles
    Ways to write that may happen to any digit.
digit_styles
    Ways to write that belong to one digit, such as the bar of a 7.
stroke_edits
    Strokes are added to digits, or partly rubbed out.
placement
    Lines are normalised as a drawing is, before there are pixels.
discs
    Lines are painted on 28×28 pixels.
moving
    Grey levels are moved on 28×28 pixels.
centres
    Where the centre of mass of either lies.
numba_loops
    Inner loops are compiled with Numba where that is installed.
"""
