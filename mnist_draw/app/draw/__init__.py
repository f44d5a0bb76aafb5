"""The Draw tab.

Modules
-------
draw_tab
    The tab: board, tools and answer joined.
tool_column
    The column of tools left of the board.
pen_row
    The row below the board: pen, network, crop box.
picture_tools
    What brings pictures to the board, and what takes drawings away.
"""
