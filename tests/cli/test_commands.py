"""Commands: one entry each, with examples that work, completion, and what was meant."""

from __future__ import annotations

import shlex
import shutil
import subprocess

import pytest

from mnist_draw.cli import main
from mnist_draw.cli.command import Subcommand
from mnist_draw.cli.main import COMMANDS, build_parser
from mnist_draw.cli.output import painted

EXAMPLES = [(name, typed) for name, command in COMMANDS.items() for typed, _ in command.examples]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_has_examples(name, capsys):
    assert COMMANDS[name].examples
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    for typed, meaning in COMMANDS[name].examples:
        assert f"  mnist-draw {name} {typed}\n      {meaning}" in out


@pytest.mark.parametrize(("name", "typed"), EXAMPLES)
def test_every_example_is_understood(name, typed):
    words = shlex.split(typed.partition(">")[0])
    assert callable(build_parser().parse_args([name, *words]).run)


def test_a_command_is_one_entry(monkeypatch, capsys):
    new = Subcommand("greet", "greet", "Greet.", (("", "says hello"),), lambda parser:
                  parser.set_defaults(run=lambda _: print("hello") or 0))  # fmt: skip
    monkeypatch.setitem(COMMANDS, "greet", new)
    assert main(["greet"]) == 0
    assert main(["--help"]) == 0
    assert capsys.readouterr().out.count("greet") >= 2
    assert main(["completion", "bash"]) == 0
    assert "greet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["trian"], "train"),
        (["modles"], "models"),
        (["train", "--epoch", "3"], "--epochs"),
        (["predict", "a.png", "--modle", "best"], "--model"),
        (["--verson"], "--version"),
    ],
)
def test_what_was_meant(arguments, meant, capsys):
    assert main(arguments) == 2
    assert f"did you mean {meant}?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "wrong", "meant"),
    [
        ("--network", "ccn", "cnn"),
        ("--network", "deepcnn", "deep_cnn"),
        ("--update", "adamm", "adam"),
        ("--schedule", "cosin", "cosine"),
    ],
)
def test_a_value_that_was_meant(option, wrong, meant, capsys):
    assert main(["train", option, wrong]) == 2
    assert f"Did you mean {meant}?" in capsys.readouterr().err


def test_a_network_that_was_meant(capsys, tmp_path):
    assert main(["export", "bets", str(tmp_path / "out.npz")]) == 1
    assert "did you mean best?" in capsys.readouterr().err


@pytest.mark.process
@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion(shell, capsys, tmp_path):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in COMMANDS)
    # tcsh has the dashes of options elsewhere.
    assert "learning-rate" in script
    if shutil.which(shell) is None:
        return
    path = tmp_path / "completion"
    path.write_text(script)
    done = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.process
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_a_command_and_an_option(capsys, tmp_path):
    assert main(["completion", "bash"]) == 0
    (tmp_path / "completion").write_text(capsys.readouterr().out)
    code = (
        "source completion; f=$(complete -p mnist-draw | sed 's/.*-F \\([^ ]*\\).*/\\1/'); "
        "COMP_WORDS=({words}); COMP_CWORD={at}; $f; echo ${{COMPREPLY[@]}}"
    )
    for words, at, expected in (
        ("mnist-draw tra", 1, "train"),
        ("mnist-draw train --epo", 2, "--epochs"),
    ):
        done = subprocess.run(
            ["bash", "-c", code.format(words=words, at=at)],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert expected in done.stdout.split(), done.stderr


def test_colours_are_for_terminals_that_want_them(monkeypatch):
    import sys

    assert painted("ok", "green") == "ok"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert painted("ok", "green") == "\x1b[32mok\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert painted("ok", "green") == "ok"
