"""The window around the tabs.

Modules
-------
startup
    From the command to the window.
platform_check
    What a computer without a display or a library is told.
system_signals
    Ctrl-C in the terminal and other signals, which close the window.
window
    The window, and what joins its tabs to the services.
pages
    The tabs, one entry each.
status_corner
    The corner right of the tabs.
placement
    Where the window opens.
help
    The help menu: the guide, all keys, versions and licences.
message_bar
    The line that tells what went wrong, or what was saved.
desktop_scheme
    Whether the desktop prefers dark windows.
"""
