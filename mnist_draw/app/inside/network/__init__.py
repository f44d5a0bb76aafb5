"""The section *Network*: how does it come to its answer?

``network_section``
    Joins the view, the panel and the worker.
``network_worker``
    The thread that looks into the network while somebody draws.
``network_view``, ``network_painter``, ``lights``, ``lines``, ``unit_layout``
    The picture of the network: its widget, how it is painted, where everything lies.
``side_panel``, ``panel_rows``, ``rows_view``
    Why this answer, or what one unit does.
"""
