"""The third tab: why a network answers so, how it learns, where it fails.

``inside_tab``
    The tab as the window knows it; builds the rest when it is first looked at.
``inside_view``
    The frame around the sections: the example at the left, navigation above.
``inside_bar``
    That navigation: sections, networks, the guide, the wall, copies.
``sections``
    The list of sections: one line each.
``section``
    What every section is and does.
``example_card``, ``inside_board``
    The example, its answer and its label; the drawing board in small.
``example_in_use``
    Which picture that is: the drawing as it grows, or one that was picked.
``signed_picture``
    Pictures of numbers: grey, and what speaks for or against.
``view_export``
    Copying and saving what a section shows, and reading it as a table.
``stepwise``
    A long count in the background that can be watched, paused and stopped.
``ring_cursor``
    The ring around the pointer while somebody presents.
``network``, ``step``, ``results``, ``map``, ``limits``
    The sections' rooms.
``guide``
    The guide: its sentences under the example, and the whole of it as a page.
"""
