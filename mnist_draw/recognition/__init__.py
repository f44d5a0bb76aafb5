"""From a picture to an answer: which digit it is, how sure, or that it is none.

Modules
-------
pictures
    Picture files of any size become ink.
recogniser
    Ink becomes an answer, through the shared preprocessing and a trained network.
rejection
    Ink that no digit looks like, and probabilities that no digit speaks from.
calibration
    Probabilities that mean what they say.
answer
    What is told to the user.
models
    The trained networks that ship, and those in the user's files.

Importing this package loads neither Theano nor Lasagne; the first :class:`Recogniser` does.
"""
