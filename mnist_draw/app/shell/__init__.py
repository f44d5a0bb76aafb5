"""The window around the tabs.

Modules
-------
startup
    From the command to the window.
platform_check
    What a computer without a display or a library is told.
ending
    How the window ends, and that nothing is lost then.
crash_report
    What a crash leaves, for the next start.
collector
    Garbage is collected in the window's thread, between two events.
heap
    Memory that is free goes back to the system.
rest
    When the program has come to rest, more of it does.
window
    The window, and what joins its tabs to the services.
pages
    The tabs, one entry each.
lesson
    What a class starts with: network, tabs and settings from a file.
status_corner
    The corner right of the tabs.
placement
    Where the window opens.
help
    The help menu: the guide, all keys, versions and licences.
focus_ring
    A frame around the view that has the keyboard.
message_bar
    The line that tells what went wrong, or what was saved.
desktop_scheme
    Whether the desktop prefers dark windows.
"""
