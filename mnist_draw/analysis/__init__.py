"""What can be computed about a trained network, for the tab *Inside* and for reports; no Qt.

``example``
    The picture that is looked at.
``class_names``
    What to call the ten classes of a network.
``table``
    What a view shows, as rows of words: to be read, and to be saved as CSV.
``pictures``
    Pictures to ask about: MNIST's, the digits that were taught, those of any folder.
``results``, ``result_tables``
    How often a network is wrong, and where; the same as tables.
``report``
    The results as files: CSV, PNG, and one HTML page.
``limits``
    Accuracy on pictures that are turned, shifted, scaled, noisy, or written with another pen.
``network``
    A network laid open: its layers, its units, and the sums behind its answer.
``step``
    One training step of a copy of the network.
``layer_outputs``
    What the layers put out for many pictures.
``maps``, ``tsne``, ``neighbours``
    Test digits laid out by that, and the training pictures that are most alike.
``guide``
    Fourteen steps in words, with code that runs.
"""
