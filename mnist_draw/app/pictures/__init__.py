"""Pictures for the board, and the drawing for elsewhere.

Modules
-------
picture_input
    Pictures that are opened, pasted or dropped.
picture_strip
    Several pictures below the board, each with its answer.
picture_output
    The drawing is saved, or copied as a picture or as text.
mnist_examples
    Test digits of MNIST, and those that the network gets wrong.
"""
