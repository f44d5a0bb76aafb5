"""What a network finds alike.

``map_section``
    The section: which layer, which layout, and the example among the others.
``map_words``
    What it says: titles, what a layout means, what a digit is, and the tables.
``map_pictures``
    Which pictures are laid out and compared with.
``map_locator``
    Finds the example's place and its neighbours, in the background.
``map_view``, ``map_painter``
    The digits as a layer sees them: pointing and walking, and how they are painted.
``layer_maps``
    The same layer by layer, small, with what a vote of neighbours gets right.
``neighbours_card``
    The most alike training pictures, and the vote in words.
"""
