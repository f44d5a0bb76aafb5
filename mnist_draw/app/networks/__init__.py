"""All trained networks in one place: used, renamed, deleted, opened, saved.

Modules
-------
networks_view
    The dialog with the list of networks.
networks_controller
    Does what is asked for there, off the GUI thread.
"""
