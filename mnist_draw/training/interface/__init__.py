"""For users of Python, beside the tutorial's functions.

Modules
-------
loss_history
    The losses and accuracies of a run as arrays, and as curves.
progress
    A bar over the minibatches of a run, in a terminal or a notebook.
classifier
    A network as an estimator of scikit-learn; the only module that imports it.
"""
