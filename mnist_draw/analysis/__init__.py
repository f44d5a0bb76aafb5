"""What can be computed about a trained network, for the tab *Inside* and for reports; no Qt.

``example``
    The picture that is looked at.
``class_names``
    What to call the ten classes of a network.
``table``
    What a view shows, as rows of words: to be read, and to be saved as CSV.
``cache``
    Results that take seconds, kept between two starts of the program.
``pictures``
    Pictures to ask about: MNIST's, the digits that were taught, those of any folder.
``results``, ``result_tables``
    How often a network is wrong, and where; the same as tables.
``report``
    The results as files: CSV, PNG, and one HTML page.
``limits``
    Accuracy on pictures that are turned, shifted, scaled, noisy, or written with another pen.
``anatomy``, ``why``
    What every layer adds up and puts out, units switched off at will; sums term by term.
``unit_pages``, ``ideal_picture``, ``fresh_network``
    What a unit is about; what a network finds most like a digit; a network before it learns.
<<<<<<< HEAD
``guide``
    Fourteen steps in words, with code that runs.
=======
``layer_outputs``
    What the layers put out for many pictures.
``maps``, ``tsne``, ``neighbours``
    Test digits laid out by that, and the training pictures that are most alike.
>>>>>>> ed02a6d (Inside: a map of what the network finds alike, and the nearest training pictures)
"""
