"""What every room uses; it knows no other room.

Modules
-------
tokens
    Colours, distances and text sizes; the only place where they are written.
theme
    Which of them are in use now; colours, fonts and the look of the whole application.
style_sheet
    The style sheet, made of them.
icons
    Icons in the theme's colours.
widgets
    Cards, fields, buttons, and how a control is explained.
flow_layout
    A row that breaks into lines where it is too narrow.
number_fields
    Fields for numbers, which say which numbers they take.
steady_labels
    Labels and figures that do not move what is beside them.
animation
    Arrays that move to new values.
images
    Images as files, and arrays as images.
words
    Figures in words: durations, shares, probabilities.
reporting
    Errors of any thread and messages of Qt are logged and told.
threads
    Work in the background, values passed between threads, and the end of all threads.
worker_thread
    A thread of its own for an object that answers to signals.
commands
    What the user can ask for: described once for buttons, menus and keys.
page
    What the window knows of a tab.
"""
