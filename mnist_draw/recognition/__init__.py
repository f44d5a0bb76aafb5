"""From a picture to an answer: which digit it is, how sure, or that it is none.

Importing this package loads neither Theano nor Lasagne; the first
:class:`mnist_draw.recognition.recogniser.Recogniser` does.

Modules
-------
network_files
    Trained networks from and for Lasagne's layers, or by the name that a user types.
built_network
    A network's layers with the parameters of a model, for functions to be compiled of.
recogniser
    Ink becomes an answer, through the shared preprocessing and a trained network.
digit_or_not
    The rule that tells digits from what is none, and the thresholds of an answer.
numbers
    Several digits from left to right are read as a number.
reader
    A recogniser that reads numbers, too: what the board asks.
class_names
    What a network tells apart: digits, or classes with names of their own.
network_data
    Where the data that a network was trained on lies, and whether other data fits it.
answer
    What is told to the user: a digit, two candidates, a number, or that there is none.
calibration
    Probabilities that mean what they say.
explanation
    Which ink spoke for a digit, and which hidden units lit up.
finished_model
    A network whose training has ended becomes a model file with all that is known of it.
fine_tuning
    A network learns a person's own digits.
mistakes
    The test pictures that a network reads wrongly.
kept_model
    One of the networks that are kept: what it is called, and reading it.
network_library
    The trained networks that are kept, whoever made them.
opened_network
    A network from a file that another program may have written.
run_files
    Keeps a run's record, figures and network on disk while it trains.
export
    A network for other programs: ONNX, arrays, a program of its own.
"""
