"""Languages: how they are chosen, and how they write numbers, shares and dates."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from datetime import datetime
from gettext import NullTranslations

import pytest

from mnist_draw import __main__ as start
from mnist_draw import i18n
from mnist_draw.analysis.guide import guide
from mnist_draw.errors import UserError
from mnist_draw.i18n import _
from mnist_draw.training.presets import PRESETS, run_name

MOMENT = datetime(2026, 3, 9, 14, 3)


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    # It looks for all texts that follow the language.
    if i18n.language() != "en":
        i18n.use("en")


def test_english_numbers() -> None:
    assert i18n.number(1234567) == "1,234,567"
    assert i18n.number(-0.5, ".2f") == "−0.50"
    assert i18n.percent(0.98236, 2) == "98.24%"
    assert i18n.date(MOMENT, year=True, clock=True) == "9 Mar 2026, 14:03"


@pytest.mark.parametrize(
    ("code", "small", "large", "share"),
    [
        ("de", "1.234,5", "12.345", "98,2\u00a0%"),
        ("es", "1234,5", "12.345", "98,2\u00a0%"),
        ("fr", "1\u202f234,5", "12\u202f345", "98,2\u00a0%"),
        ("it", "1.234,5", "12.345", "98,2%"),
        ("zh_CN", "1,234.5", "12,345", "98.2%"),
    ],
)
def test_numbers_of_a_language(code: str, small: str, large: str, share: str) -> None:
    i18n.use(code)
    assert i18n.number(1234.5, ",.1f") == small
    assert i18n.number(12345) == large
    assert i18n.percent(0.982, 1) == share
    assert i18n.number(float("nan"), ".2f") == "nan"


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_numbers_are_read_as_they_are_written(code: str) -> None:
    i18n.use(code)
    for value in (0.0, 0.001, 1.5, 1234.0, 12345.678, -1234567.25):
        assert i18n.parse_number(i18n.number(value, ",.3f")) == value
        assert i18n.parse_number(f"{value:.4f}") == value  # as Python writes it


@pytest.mark.parametrize(
    ("value", "spec", "words"),
    [
        (1.21e-7, ".2e", "1.21×10⁻⁷"), (-1.58e-8, "#.3g", "−1.58×10⁻⁸"),
        (5.2e5, ".1e", "5.2×10⁵"), (-0.25, "+.2f", "−0.25"), (1e-5, "g", "0.00001"),
        (-1.2e-5, "#.4g", "−1.200×10⁻⁵"), (1e-6, "g", "0.000001"), (1e9, "g", "1×10⁹"),
        (1e-20, "g", "1×10⁻²⁰"),
    ],
)  # fmt: skip
def test_signs_and_powers_of_ten_are_those_of_print(value: float, spec: str, words: str) -> None:
    assert i18n.number(value, spec) == words
    i18n.use("de")
    assert i18n.number(value, spec) == words.replace(".", ",")
    assert i18n.parse_number(i18n.number(value, spec)) == pytest.approx(value)


def test_text_is_no_number() -> None:
    for text in ("", "many", "1.2.3", "1,2,3"):
        with pytest.raises(ValueError, match=r"could not convert"):
            i18n.parse_number(text)


def test_fields_and_forms() -> None:
    assert _("There is no {name}.", name="best") == "There is no best."
    assert _("50% {") == "50% {"
    assert i18n.counted("{count} picture of {name}", "{count} pictures of {name}", 1, name="7") == (
        "1 picture of 7"
    )
    assert i18n.counted("{count} picture", "{count} pictures", 1234) == "1,234 pictures"
    assert i18n.pgettext("setting", "Start") == "Start"


@pytest.mark.parametrize(
    "broken",
    ["{nme}", "{name", "{name}}", "{name} {}", "{name.x}", "{name:q}"],
)
def test_english_is_shown_where_a_translation_has_other_fields(
    broken: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken(NullTranslations):
        def gettext(self, message: str) -> str:
            return broken

        def ngettext(self, singular: str, plural: str, count: int) -> str:
            return broken

        def pgettext(self, context: str, message: str) -> str:
            return broken

    monkeypatch.setattr(i18n, "_translations", Broken())
    assert _("There is no {name}.", name="best") == "There is no best."
    assert i18n.pgettext("of a network", "It is {name}.", name="best") == "It is best."
    for count, said in ((1, "1 picture"), (2, "2 pictures")):
        assert i18n.counted("{count} picture", "{count} pictures", count, name="7") == said
    with pytest.raises(KeyError):
        _("There is no {name}.", other="a mistake of the program")


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        (["de_AT.UTF-8"], "de"),
        (["xx_YY", "fr"], "fr"),  # a language that nobody adds
        (["zh-Hans-CN"], "zh_CN"),
        (["C.UTF-8"], None),
        ([], None),
    ],
)
def test_best_language(tags: list[str], code: str | None) -> None:
    assert i18n.best_of(tags) == code


def test_command_line_chooses_before_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "es:it")
    assert i18n.best_of(start.wanted_languages(["--lang", "fr", "runs"])) == "fr"
    assert i18n.best_of(start.wanted_languages(["--lang=fr"])) == "fr"
    assert i18n.best_of(start.wanted_languages(["runs"])) == "es"
    assert i18n.best_of(start.wanted_languages(["runs", "--json"])) == "en"
    assert i18n.best_of(start.wanted_languages(["mine.py", "--lang", "fr", "--json"])) == "es"


def test_guide_is_translated_by_paragraph(monkeypatch: pytest.MonkeyPatch) -> None:
    class Marked(NullTranslations):
        def gettext(self, message: str) -> str:
            return f"«{message}»"

    monkeypatch.setattr(i18n, "_translations", Marked())
    guide.cache_clear()
    try:
        for step in guide():
            assert step.title == f"«{step.title[1:-1]}»"
            assert step.part(about_code=False).startswith(f"# {step.number}. «")
            assert step.part(about_code=False).count("«") > 1
            assert not any("«" in code for code in step.code)
    finally:
        guide.cache_clear()


def test_an_error_fills_the_fields_of_its_sentence() -> None:
    assert str(UserError("There is no {name}.", name="{best}")) == "There is no {best}."
    assert str(UserError("50% {")) == "50% {"


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_what_programs_read_is_english(option: str) -> None:
    arguments = ["predict", "x.png", "--lang", "de", option]
    assert i18n.best_of(start.wanted_languages(arguments)) == "en"


def test_a_catalogue_older_than_its_source_says_so(tmp_path, capsys):
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    i18n.use("de", tmp_path)
    assert not capsys.readouterr().err
    assert (i18n.language(), i18n.number(0.5)) == ("en", "0.5")
    (folder / "mnist_draw.po").touch()
    i18n.use("de", tmp_path)
    assert "compile" in capsys.readouterr().err
    # The header of a compiled catalogue that holds nothing.
    (folder / "mnist_draw.mo").write_bytes(struct.pack("7I", 0x950412DE, 0, 0, 28, 28, 0, 0))
    i18n.use("de", tmp_path)
    assert not capsys.readouterr().err
    os.utime(folder / "mnist_draw.mo", (0, 0))
    i18n.use("de", tmp_path)
    assert "compile" in capsys.readouterr().err


def test_chinese_has_no_space_between_sentences_and_its_own_comma() -> None:
    settings = PRESETS["tutorial"].settings.replace(epochs=6)
    assert i18n.joined("One.", "", "Two.") == "One. Two."
    english = run_name(settings)
    i18n.use("zh_CN")
    assert i18n.joined("一。", "", "二。") == "一。二。"
    name = run_name(settings)
    assert "，" in name
    assert ", " not in name
    # A name stays as it was given, whatever the language is now.
    assert [len(i18n.clauses_of(one)) for one in (name, english)] == [2, 2]
