"""The command line in another language: every word, wide letters, terminals without them."""

from __future__ import annotations

import gettext
import os
import subprocess
import sys

import pytest

from mnist_draw import i18n
from mnist_draw.cli.main import COMMANDS, main
from mnist_draw.cli.output import cells, table
from mnist_draw.networks import parse_network


class Marked(gettext.NullTranslations):
    """Puts every message in brackets, followed by what argparse would expand."""

    def gettext(self, message: str) -> str:
        if message is None:  # argparse of Python 3.11: a group without a description
            return message
        return f"⟦{message}⟧" if "%" in message else f"⟦{message} 50%⟧"

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture
def marked(monkeypatch):
    monkeypatch.setattr(i18n, "_translations", Marked())
    yield
    parse_network.cache_clear()


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_argparse_speaks_the_language_too(command, capsys):
    assert main([*filter(None, [command]), "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("⟦")
    headings = [line for line in lines if line[:1].isalpha() and line.endswith(":")]
    assert not headings
    assert main([*filter(None, [command]), "--nothing"]) == 2
    assert "⟦" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.usefixtures("marked")
def test_what_is_missing_or_wrong_is_told_in_the_language(capsys):
    for arguments in (["predict"], ["completion", "x"], ["train", "--epochs", "x"], ["x"]):
        assert main(arguments) == 2
        assert capsys.readouterr().err.splitlines()[-1].startswith("mnist-draw: ⟦")


def test_help_of_wide_letters_fits_into_the_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(Marked, "gettext", lambda self, message: "字" * len(message or ""))
    monkeypatch.setattr(i18n, "_translations", Marked())
    assert main(["desktop", "--help"]) == 0
    helped = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert 70 < max(map(cells, helped)) <= 80


def test_columns_are_as_wide_as_their_cells():
    lines = list(table(("名称", "x"), [("abc", "1"), ("一二三", "2")]))
    assert [cells(line) for line in lines] == [9, 9, 9]
    assert lines[1] == "abc     1"


def test_a_terminal_without_the_letters_gets_them_escaped():
    code = (
        "import gettext; from mnist_draw import i18n\n"
        "class T(gettext.NullTranslations):\n"
        "    def gettext(self, message): return message and '\\u4e2d\\u6587' + message\n"
        "i18n._translations = T()\n"
        "from mnist_draw.cli.main import main\n"
        "raise SystemExit(main(['data', '--help']) or main(['nothing']))"
    )
    command = [sys.executable, "-X", "utf8=0", "-c", code]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert ended.returncode == 2
    assert b"\\u4e2d\\u6587" in ended.stdout
    assert b"\\u4e2d\\u6587" in ended.stderr


def test_what_follows_the_language_is_read_as_without_it(monkeypatch, capsys, tmp_path):
    assert main(["--lang", "de", "trian"]) == 2
    assert "Did you mean" in capsys.readouterr().err
    assert main(["--lang=de", str(tmp_path / "none.npz")]) == 1
    assert "no file" in capsys.readouterr().err
    # After the command, too.
    assert main(["predict", str(tmp_path / "none.png"), "--lang", "de"]) == 1
    assert "no file" in capsys.readouterr().err
    script = tmp_path / "one.py"
    script.write_text("import sys; print(sys.argv[1:])")
    assert main(["--lang", "de", str(script), "--lang", "xx"]) == 0
    assert capsys.readouterr().out == "['--lang', 'xx']\n"
    assert main(["--lang", "xx"]) == 2
