"""Runs on disk: what they were asked to do, how they went, and how to go on.

Modules
-------
record
    One run: its settings, state and last figures, as JSON in a folder of its own.
run_list
    All runs: listed, the one that was cut off found, deleted and brought back.
network_names
    Where a network lies that a user calls by a name: a run's, or another.
rescue
    Another place for a network whose own place cannot be written.
checkpoint
    All that it takes to continue a run as if it had never been interrupted.
shared_values
    The values of shared variables as arrays, to be stored and put back.
history
    The figures of a run, batch by batch and epoch by epoch.
formats
    The formats in which these figures can be saved, one entry each.
tensorboard
    These figures as TensorBoard reads them.
"""
