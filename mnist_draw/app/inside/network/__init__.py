"""The section *Network*: how does it come to its answer?

``network_section``
    Joins the view, the panel and the worker.
``network_worker``
    The thread that looks into the network while somebody draws.
``network_view``, ``unit_layout``
    The picture of the network: its widget, where everything lies.
``network_painter``, ``scene``, ``still_picture``, ``lights``, ``lines``, ``answers_painter``
    How it is painted.
``side_panel``, ``panel_rows``, ``rows_view``
    Why this answer, or what one unit does.
"""
