"""Runs of the past: listed, compared, continued.

Modules
-------
runs_page
    The page of the Train tab with all that can be done with a run.
runs_table
    The list of runs.
compare_card
    Curves of several runs in one plot, and what differed.
offer_bar
    The offer to continue a run that was cut off.
runs_on_disk
    What the page shows, read from the disk.
"""
