"""Ctrl-C ends a command wherever it comes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import argparse, ctypes, signal, sys, time
from mnist_draw.cli.main import COMMANDS, main
from mnist_draw.cli.command import Command

def called_back():
    signal.raise_signal(signal.SIGINT)
    return 0

class Tidied:
    def __del__(self):
        called_back()

def run(arguments):
    if arguments.how == "callback":
        ctypes.CFUNCTYPE(ctypes.c_int)(called_back)()
    else:
        Tidied()
    time.sleep(arguments.seconds)
    return 0

def add_options(parser):
    parser.add_argument("how")
    parser.add_argument("seconds", type=float)
    parser.set_defaults(run=run)

COMMANDS["lost"] = Command("lost", "lose it", "Loses it.", (), add_options)
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name == "nt", reason="there, a program cannot send itself Ctrl-C")
@pytest.mark.parametrize("how", ["callback", "tidying"])
@pytest.mark.parametrize("seconds", ["0", "20"])
def test_ctrl_c_in_a_function_that_loses_it_ends_the_command(how: str, seconds: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "lost", how, seconds],
        capture_output=True, text=True, check=False, timeout=15,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "mnist-draw: Interrupted.\n")
