"""The catalogues are complete, and nothing on the screen is English put together from pieces."""

import ast
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("babel")
import translations
from babel import Locale
from babel.messages import Catalog
from babel.numbers import format_decimal, format_percent

from mnist_draw import i18n
from tests.languages import VARIABLE

_ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wanted():
    return translations.program_messages()


@pytest.mark.parametrize("code", translations.catalogues())
def test_a_catalogue_is_complete(code, wanted):
    catalogue = translations.read(code, translations.catalogues()[code])
    found = list(translations.problems(code, catalogue, wanted))
    assert not found, "\n".join(found)


#: A mark of two parts, or a quotation mark, with another space than French asks for.
_FRENCH = re.compile(r"[\w)}»][ \u00a0]?[;?!](?=\s|$)|[\w)}»] ?:(?=\s|$)|« | »")


def test_french_marks_have_their_spaces():
    for message in translations.read("fr", translations.catalogues()["fr"]):
        for text in [message.string] if isinstance(message.string, str) else message.string:
            assert not message.id or not _FRENCH.findall(text), text


@pytest.mark.parametrize("code", [code for code in i18n.LANGUAGES if code != "en"])
def test_lists_are_joined_as_the_language_does(code, tmp_path):
    translations.compile_all(tmp_path)
    i18n.use(code, tmp_path)
    try:
        meanings = i18n.explained({"a": "b, c", "d": "e"})
    finally:
        i18n.use("en")
    wanted = {"fr": "a\u00a0: b, c\u202f; d\u00a0: e", "zh_CN": "a：b, c；d：e"}
    assert meanings == wanted.get(code, "a: b, c; d: e")


def test_each_language_has_a_catalogue():
    assert {"en", *translations.catalogues()} == set(i18n.LANGUAGES)


def test_pages_name_each_language():
    names = [each.name for each in i18n.LANGUAGES.values()]
    for page, line, wanted in (
        ("README.md", r"\*\*In your language.*", names),
        ("mnist_draw/locales/terms.md", r"\| English \|.*", names),
        ("docs/languages.md", r"The window, its guide(.|\n)*?\.\s", names),
        ("docs/lessons.md", r"language = .*", i18n.LANGUAGES),
    ):
        found = re.search(line, (_ROOT / page).read_text("utf-8"))[0]
        assert [name for name in wanted if not re.search(rf"\b{name}\b", found)] == [], page


_CATALOGUE = """\
msgid ""
msgstr ""
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

#: mnist_draw/app
#, python-brace-format
msgid "Why {name}?"
msgstr "Warum {name}?"

msgid "<b>one</b>"
msgstr "<b>eins</b>"

msgid "{count} hour"
msgid_plural "{count} hours"
msgstr[0] "eine Stunde"
msgstr[1] ""
"{count} Stunden"
"""


def _read(folder, *changes):
    text = _CATALOGUE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / "mnist_draw.po"
    path.write_text(text, encoding="utf-8")
    return translations.read("de", path)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("Warum {name}", "Warum {nme}", "other fields"),
        ("Warum {name}", "Warum {name", "other fields"),
        ("Warum {name}", "Warum {name}}", "other fields"),
        ("Warum {name}", "Warum {{name}}", "other fields"),
        ("Warum {name}", "Warum {name} {}", "other fields"),
        ("{count} Stunden", "{hours} Stunden", "other fields"),
        ("eins</b>", "eins<b>", "other tags"),
        ("Warum {name}?", " Warum {name}?", "other spaces"),
        ("Warum {name}?", "", "not translated"),
        ("eine Stunde", "", "not translated"),
        ('msgstr[1] ""\n"{count} Stunden"\n', "", "not translated"),
        ("#, python", "#, fuzzy, python", "fuzzy"),
    ],
)
def test_what_does_not_fit_is_found(before, after, fault, tmp_path):
    wanted = _read(tmp_path)
    assert list(translations.problems("de", wanted, wanted)) == []
    (found,) = translations.problems("de", _read(tmp_path, (before, after)), wanted)
    assert fault in found
    expected = 3 if fault.startswith("other") else 2
    assert translations.progress("de", _read(tmp_path, (before, after))).startswith(
        f"de: {expected} of 3 ",
    )


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ('"Warum {name}?"', '"Warum {name}?', 8),
        ('"Warum {name}?"', "Warum {name}?", 8),
        ('"Warum {name}?"', '"Warum "{name}"?"', 8),
        ('msgid "Why', 'msgidd "Why', 7),
        ("#: mnist", "<<<<<<< ours\n#: mnist", 5),
        ('msgstr "Warum {name}?"\n', "", 7),
        ('msgstr[1] ""\n', 'msgstr[1] ""\nmsgstr[2] ""\n', 13),
    ],
)
def test_a_line_that_is_broken_is_named(before, after, line, tmp_path):
    with pytest.raises(ValueError, match=rf"mnist_draw\.po, line {line}\b"):
        _read(tmp_path, (before, after))


def test_an_update_without_new_messages_changes_nothing(tmp_path):
    def messages():
        program = Catalog(creation_date=datetime(2026, 3, 9, tzinfo=UTC))
        program.add("Draw", locations=[("b.py", None), ("a.py", None)])
        program.add("Train", locations=[("b.py", None)])
        return program

    path = tmp_path / "de" / "mnist_draw.po"
    translations.update("de", path, messages())
    written = path.read_bytes()
    translations.update("de", path, messages())
    assert path.read_bytes() == written


def test_a_language_is_begun_with_its_entry():
    with pytest.raises(ValueError, match="LANGUAGES"):
        translations.run("update", "xx")
    assert not (translations.CATALOGUES / "xx").exists()


@pytest.mark.parametrize("code", [code for code in i18n.LANGUAGES if code != "en"])
@pytest.mark.parametrize("value", [0.5, 12345.5, -1234567.5])
def test_numbers_are_written_as_unicode_says(code, value):
    i18n.use(code)
    try:
        # Its sign is the hyphen of keyboards, ours that of print.
        wanted = format_decimal(value, "#,##0.0", locale=code).replace("-", "−")
        assert i18n.number(value, ",.1f") == wanted
        shown = i18n.percent(0.98)
        assert shown == format_percent(0.98, locale=code)
        assert i18n.is_right_to_left() == (Locale.parse(code).text_direction == "rtl")
    finally:
        i18n.use("en")


def _is_marked(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in translations.MARKS


def _letters(node):
    shown = getattr(node, "value", "")
    return isinstance(shown, str) and any(letter.isalpha() for letter in shown)


def test_no_sentence_is_put_together_from_pieces():
    found = []
    for path in (_ROOT / "mnist_draw").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            parts, is_joined = [], False
            if isinstance(node, ast.JoinedStr):
                parts = [getattr(part, "value", part) for part in node.values]
                is_joined = any(_letters(part) for part in node.values)
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
                # Even a space: Chinese has none between sentences.
                parts, is_joined = [node.left, node.right], True
            if is_joined and any(map(_is_marked, parts)):
                found.append(f"{path.relative_to(_ROOT)}:{node.lineno}")
    assert not found, found


def test_fields_are_filled_where_a_sentence_is_translated():
    """Elsewhere, a translation with other fields would be an error instead of English."""
    found = []
    for path in (_ROOT / "mnist_draw").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            fills = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format"
            if fills and any(word.arg for word in node.keywords):
                found.append(f"{path.relative_to(_ROOT)}:{node.lineno}")
    # What translates, and what writes the code of native functions.
    found = [one for one in found if "i18n.py" not in one and "theano_bridge" not in one]
    assert not found, found


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.window
def test_all_pages_in_longer_words():
    # What is measured about the whole suite, such as its coverage, is not asked of one file.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "tests/app/shell/test_screens.py", "-k", "translated or section"],
        cwd=_ROOT, env={**inherited, VARIABLE: "long"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:]
