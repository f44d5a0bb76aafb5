"""The digits: MNIST's files, minibatches, preprocessing, augmentation, and data of one's own.

NumPy does the work; augmentation compiles its loops with Numba where that is installed.

Modules
-------
mnist
    The tutorial's split of MNIST, or of other training data.
sources
    The kinds of files and folders that training data comes from.
classes
    The classes that are told apart: how many there may be, and what they are called.
pictures
    Ink from picture files.
idx
    Reads and checks MNIST's file format.
minibatches
    Examples in small groups, as the tutorial deals them.
normalise
    Ink of any size becomes the network's 28×28, for drawings and training pictures alike.
augmentation
    Training pictures are varied, from slight slants to new handwriting.
picture_formats
    The picture formats that the program knows.
own_digits
    A folder of one's own digits, to be learnt beside MNIST.
own_digits_export
    Such digits are written as files under MNIST's names.
errors
    What is raised when a data set cannot be used.
"""
