"""What can be computed about a trained network, for the tab *Inside* and for reports; no Qt.

``example``
    The picture that is looked at.
``class_names``
    What to call the ten classes of a network.
``table``
    What a view shows, as rows of words: to be read, and to be saved as CSV.
``cache``
    Results that take seconds, kept between two starts of the program.
"""
