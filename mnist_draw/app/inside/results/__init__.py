"""How often a network is wrong, and where.

``results_section``
    The section: what is counted, and what a choice in one view does to the others.
``count_controller``
    Loads the pictures and counts, in the background.
``data_combo``
    Which pictures are counted.
``result_figures``
    Five figures in a row.
``confusion_card``, ``confusion_matrix``
    What is taken for what.
``mistakes_card``, ``mistakes_view``
    The pictures behind a number.
``reliability_view``
    Whether it knows when it is unsure.
"""
