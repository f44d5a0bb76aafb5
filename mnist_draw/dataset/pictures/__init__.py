"""Ink from picture files: drawings, scans and photographs.

Modules
-------
picture_file
    Picture files of any kind and size are read, safely.
quiet_tiff
    libtiff writes nothing to standard error.
ink_on_paper
    Ink is told from the paper, blackboard or screen it is on, evenly lit or not.
coarse
    Pictures of few pixels are enlarged smoothly.
enlargement
    The few pixels that a picture was made of before somebody enlarged it are found.
sheet_edge
    The table around a sheet of paper is told from the sheet.
ruled_lines
    The lines of ruled and squared paper are taken away.
threshold
    Where to cut between two kinds of pixels.
"""
