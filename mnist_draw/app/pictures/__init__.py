"""Pictures for the board, and the drawing for elsewhere."""
