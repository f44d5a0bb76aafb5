"""From a picture to an answer: which digit it is, how sure, or that it is none.

Importing this package loads neither Theano nor Lasagne; the first
:class:`mnist_draw.recognition.recogniser.Recogniser` does.
"""
