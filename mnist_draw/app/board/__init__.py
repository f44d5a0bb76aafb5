"""The drawing board. It knows no network.

Modules
-------
canvas
    The widget that is drawn on.
pointer
    Mouse, tablet pen and touch as one kind of input.
key_pen
    Drawing by keyboard.
drawing
    What is on the board, its history, and the ink for recognition.
pen_strokes
    Strokes in board units, and how they are painted.
placed_picture
    A picture on the board, and how it is fitted there.
painted_board
    The board in the widget's pixels, kept up to date.
image_memory
    Boards of earlier steps, so that undo need not paint.
overlays
    What lies over the board: boxes around digits, and a caption.
crop_marks
    The box that is cut out for the network, and its centre of mass.
drawing_export
    Drawings as pictures of pixels or of curves.
drawing_record
    Drawings as text that can be read back.
board_files
    Which file keeps the board of a window.
autosave
    The board is written soon after each change, and restored at the start.
"""
