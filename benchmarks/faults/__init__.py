"""The attack on the program: what `benchmarks/faults.py` runs, one idea in each module.

Modules
-------
rows
    What an attack found, and the table of all.
places
    Homes, data sets and environments to attack in; programs started and killed there.
writers
    Everything that the program writes, as a list of functions.
readers
    Everything that the program reads, with a sound file of each kind.
kills
    Programs killed while they write.
failing_calls
    The k-th open, write, fsync and replace of each writer fails.
files
    Files that are damaged, or made to do harm.
endurance
    Thousands of epochs, drawings and networks: does memory grow?
together
    Two programs on one home.
surroundings
    Homes, displays, streams and clocks as they should not be.
window
    Random events in windows, some of whose writes fail.
random_events
    The program that `window` starts.
"""
