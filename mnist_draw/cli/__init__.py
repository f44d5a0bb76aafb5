"""The command line: ``mnist-draw train``, ``predict``, ``export`` and others.

Modules
-------
command
    What a command is: one entry with its help, its options and its examples.
commands
    All commands, one entry each.
main
    Finds the command and turns every error into a sentence and an exit status.
lost_interrupt
    Ctrl-C counts even where Python loses it.
output
    Standard output and error, which may be full, closed or read by nobody.
train
    ``mnist-draw train``: what the options ask for, checked before anything is done.
setting_options
    The option of each training setting, made from its declaration.
train_run
    Trains with progress on the terminal, and saves the network.
network_place
    Where that network goes, and that nothing is lost there.
listed_run
    Keeps what it trains under Runs.
answers
    What ``mnist-draw predict`` prints: a sentence, a JSON object, a line of CSV.
desktop
    ``mnist-draw desktop``: an entry in a Linux desktop's menus.
script
    ``mnist-draw script``: runs any script that uses Lasagne or Theano.
predict
    ``mnist-draw predict`` and ``mnist-draw evaluate``.
files
    Networks, runs and data sets: listed, described, written for other programs.
health
    Whether this installation is sound.
completion
    ``mnist-draw completion``: what a shell needs to complete commands.
"""

from mnist_draw.cli.main import main

__all__ = ["main"]
