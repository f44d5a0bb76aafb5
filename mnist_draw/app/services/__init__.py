"""What works off the GUI thread.

Modules
-------
background_reader
    A second recogniser for whatever need not be at once.
explanations
    Explains answers.
followed_folder
    Reads a folder anew when something has changed there.
layer_inspector
    Looks into the layers after an epoch.
learning
    Learns the user's digits.
network_in_use
    Which network answers.
recognition
    Reads what is drawn.
run_events
    What a run tells the window: the loop's events, and those of its thread and files.
training
    Trains a network.
unsaved
    Networks that no place took.
watched_worker
    What works in a thread of its own, and only while somebody watches.
"""
