"""The guide in the window.

``guide_view``
    One step beside the picture: a title, a paragraph, "Show me".
``guide_page``
    The whole guide, to be read.
"""
