"""Networks, runs and data sets: listed, described, written for other programs.

Modules
-------
kept
    ``mnist-draw models`` and ``mnist-draw runs``: what is kept.
export
    ``mnist-draw export``: networks and figures for other programs.
digits
    ``mnist-draw digits``: taught digits, shared with a class.
data
    ``mnist-draw data``: what is in a data set.
home
    Whether there is a folder for what is kept.
"""
