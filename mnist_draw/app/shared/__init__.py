"""What every room uses; it knows no other room.

Modules
-------
theme
    Colours, sizes and fonts; the only place where they are written.
style_sheet
    The style sheet, made of the theme.
icons
    Icons in the theme's colours.
widgets
    Cards, fields, buttons, and how a control is explained.
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
signals
    Connections whose slot runs in a chosen thread.
threads
    Short work off the window's thread.
worker_thread
    Threads that live as long as the window, and the end of all threads.
"""
