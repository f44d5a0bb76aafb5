"""Training: compiled functions, the one epoch loop, its events and checkpoints.

Modules
-------
setting
    The kinds of settings: what form, command line and checks know of each.
settings
    All that determines a run, each setting declared once.
settings_file
    Settings in a file of their own.
presets
    Settings that belong together, by name.
schedules
    How the learning rate changes during a run.
updates
    Lasagne's update rules, with their usual learning rates.
functions
    The compiled functions: train, validate, predict, and what hidden layers put out.
run_start
    What a run starts with: its network and its pictures.
epoch_pictures
    The minibatches of each epoch, shuffled and varied.
loop
    The one epoch loop; nothing else in the program trains.
events
    What the loop tells.
control
    Requests to a running loop, from any thread.
interrupts
    Signals that end a run: Ctrl-C, and what a system sends.
runs
    Runs on disk: records, checkpoints and figures.
layer_inspection
    A look inside the network after an epoch.
hints
    What the curves say, in words, and what would help.
interface
    For users of Python beside the tutorial's functions: arrays, a bar, a classifier.
tutorial
    The tutorial's two functions for users of Python.
"""
