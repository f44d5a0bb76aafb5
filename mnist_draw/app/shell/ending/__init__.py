"""How the window ends, and that nothing is lost then.

Modules
-------
closing
    What the end of the window waits for, and what it keeps.
closing_question
    What is asked before the window closes over a network that is not saved.
system_signals
    Ctrl-C in the terminal and other signals, which close the window.
"""
