"""Whether this installation is sound.

Modules
-------
doctor
    ``mnist-draw doctor``: tells what was found, and what to do.
checks
    What is looked at, one entry each.
kept_files
    Of that, what the user has kept: runs, networks, taught digits.
finding
    One thing that was found.
"""
