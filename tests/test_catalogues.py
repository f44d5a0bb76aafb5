"""The catalogues are complete, and nothing on the screen is English put together from pieces."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("babel")
import translations
from babel import Locale
from babel.numbers import format_decimal, format_percent

from mnist_draw import i18n
from tests.languages import VARIABLE

_ROOT = Path(__file__).parents[1]
_MARKS = ("_", "counted", "pgettext")


@pytest.fixture(scope="module")
def wanted():
    return translations.program_messages()


@pytest.mark.parametrize("code", translations.catalogues())
def test_a_catalogue_is_complete(code, wanted):
    catalogue = translations.read(code, translations.catalogues()[code])
    found = list(translations.problems(code, catalogue, wanted))
    assert not found, "\n".join(found)


def test_each_language_has_a_catalogue():
    assert {"en", *translations.catalogues()} == set(i18n.LANGUAGES)


@pytest.mark.parametrize("code", [code for code in i18n.LANGUAGES if code != "en"])
@pytest.mark.parametrize("value", [0.5, 12345.5, -1234567.5])
def test_numbers_are_written_as_unicode_says(code, value):
    i18n.use(code)
    try:
        assert i18n.number(value, ",.1f") == format_decimal(value, "#,##0.0", locale=code)
        shown = i18n.percent(0.98)
        assert shown == format_percent(0.98, locale=code)
        assert i18n.is_right_to_left() == (Locale.parse(code).text_direction == "rtl")
    finally:
        i18n.use("en")


def _is_marked(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in _MARKS


def _letters(node):
    shown = node.value if isinstance(node, ast.Constant) else ""
    return isinstance(shown, str) and any(letter.isalpha() for letter in shown)


def test_no_sentence_is_put_together_from_pieces():
    found = []
    for path in (_ROOT / "mnist_draw").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            parts = []
            if isinstance(node, ast.JoinedStr):
                parts = [getattr(part, "value", part) for part in node.values]
                texts = [part for part in node.values if isinstance(part, ast.Constant)]
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                parts = texts = [node.left, node.right]
            if any(map(_is_marked, parts)) and any(map(_letters, texts)):
                found.append(f"{path.relative_to(_ROOT)}:{node.lineno}")
    assert not found, found


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.window
def test_all_pages_in_longer_words():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "tests/app/shell/test_languages.py"],
        cwd=_ROOT, env={**os.environ, VARIABLE: "long"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:]
