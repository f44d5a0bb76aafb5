"""The graph of a function: as it is written beside as Theano compiles it.

``graph_page``
    The graph, the figures above it, the panel beside it.
``graph_view``, ``graph_painter``
    Its picture, which is zoomed, moved and searched.
``graph_words``
    What is said about a box, and the line that made it.
``graph_legend``
    What the boxes stand for.
"""
