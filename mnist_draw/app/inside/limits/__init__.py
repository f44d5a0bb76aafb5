"""How much a network can take.

``limits_section``
    The section: which networks are compared, and the example in front of them.
``limits_count``
    Counts all networks in the background, coarse points first.
``example_reader``
    The example after every change, read by the networks, in the background.
``network_choices``
    Up to four networks, each with its line.
``robustness_plot``
    Curves over one thing that is done to pictures, and the example at five amounts.
``turn_card``, ``answer_rows``
    Five sliders for the example, and what all networks read.
"""
