"""The command line: ``mnist-draw train``, ``evaluate``, ``predict``.

Modules
-------
main
    Finds the command and turns every error into a sentence and an exit status.
output
    Standard output and error, which may be full, closed or read by nobody.
train
    ``mnist-draw train``: what the options ask for, checked before anything is done.
setting_options
    The option of each training setting, made from its declaration.
train_run
    Trains with progress on the terminal, and saves the network.
answers
    What ``mnist-draw predict`` prints: a sentence, a JSON object, a line of CSV.
desktop
    ``mnist-draw desktop``: an entry in a Linux desktop's menus.
script
    ``mnist-draw script``: runs any script that uses Lasagne or Theano.
predict
    ``mnist-draw predict`` and ``mnist-draw evaluate``.
"""

from mnist_draw.cli.main import main

__all__ = ["main"]
