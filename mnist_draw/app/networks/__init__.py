"""All trained networks in one place: used, renamed, deleted, opened, saved.

Modules
-------
networks_view
    The dialog with the list of networks.
networks_controller
    Does what is asked for there, off the GUI thread.
closing_question
    What is asked before the window closes over a network that is not saved.
"""
