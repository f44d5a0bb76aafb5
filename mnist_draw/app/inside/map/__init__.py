"""What a network finds alike.

``map_section``
    The section: which layer, which layout, and the example among the others.
``map_locator``
    Finds the example's place and its neighbours, in the background.
``map_view``
    The digits as a layer sees them.
``layer_maps``
    The same layer by layer, small, with what a vote of neighbours gets right.
``neighbours_card``
    The most alike training pictures, and the vote in words.
"""
