"""A network laid open: what its layers and units put out, and what that adds up to.

Modules
-------
anatomy
    What every layer adds up and puts out, units switched off at will.
why
    The sums behind an answer and behind a unit, term by term.
unit_pages
    What a unit is about: the pictures that excite it most, the digit it speaks for.
ideal_picture
    What a network finds most like a digit.
fresh_network
    A network before it has learnt.
"""
