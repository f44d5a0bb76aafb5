"""Versioned JSON: written so that everything comes back, read without trust."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw.errors import DocumentError
from mnist_draw.storage.document import Fields, Format, drop_non_finite, pack, parse

LETTER = Format("mnist_draw letter", 2, 1000)
TEXTS = st.text(st.characters(codec=None) | st.characters(categories=["Cs"]), max_size=20)
LEAVES = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    LEAVES | st.integers(-(2**62), 2**62),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_everything_comes_back(value):
    content = pack(value)
    assert content.isascii()
    assert parse(content) == value


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 400])
def test_a_number_of_no_use_is_read_as_nan_and_accepted_by_no_field(text):
    fields = Fields(parse(f'{{"x": {text}, "y": 3}}'))
    assert math.isnan(fields.values["x"])
    for read in (fields.get_float, fields.get_int):
        with pytest.raises(DocumentError, match="its x is nan, not a"):
            read("x", -(10**18), 10**18)
        assert read("x", 0, 10, None) is None
        assert read("y", 0, 10) == 3
    assert drop_non_finite(fields.values) == {"y": 3}
    assert drop_non_finite({"a": [math.nan, 1, {"b": math.nan}]}) == {"a": [1, {}]}


@pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, 3j])
def test_what_json_does_not_have_is_not_written(value):
    with pytest.raises((TypeError, ValueError)):
        pack({"x": value})


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, "\x00"])
def test_what_is_not_json(content):
    with pytest.raises(DocumentError, match="not a JSON file"):
        parse(content)


def test_fields_of_the_right_kind():
    fields = Fields(
        {"n": 3.0, "x": 2, "t": "abcdef\ud800", "c": "red", "f": {"a": 1}, "e": [1, "2"]}
    )
    assert fields.get_int("n", 0, 3) == 3
    assert fields.get_float("x", 0, 3) == 2.0
    assert fields.get_text("t", 3) == "abc"
    assert fields.get_text("t", 99) == "abcdef\ufffd"
    assert fields.get_choice("c", ("red", "blue")) == "red"
    assert fields.get_fields("f").get_int("a", 0, 9) == 1
    assert fields.get_list("e", 2) == [1, "2"]


@pytest.mark.parametrize(
    ("value", "read", "words"),
    [
        (
            True,
            lambda fields: fields.get_int("x", 0, 9),
            "x is True, not a whole number from 0 to 9",
        ),
        (2.5, lambda fields: fields.get_int("x", 0, 9), "x is 2.5, not a whole number"),
        (10, lambda fields: fields.get_int("x", 0, 9), "x is 10"),
        ("3", lambda fields: fields.get_float("x", 0, 9), "x is '3', not a number from 0 to 9"),
        (3, lambda fields: fields.get_text("x", 9), "x is 3, not a text"),
        ("z" * 999, lambda fields: fields.get_choice("x", ("a", "b")), "'z{59}, not one of a, b"),
        ([], lambda fields: fields.get_fields("x"), "not a list of names"),
        ([1, 2, 3], lambda fields: fields.get_list("x", 2), "at most 2 entries"),
        (3, lambda fields: fields.get_text("y", 9), "its y is missing"),
    ],
)
def test_fields_of_the_wrong_kind_or_range(value, read, words):
    with pytest.raises(DocumentError, match=words):
        read(Fields({"x": value}))


def test_a_document_names_its_format_and_version(tmp_path):
    path = tmp_path / "letter.json"
    path.write_bytes(LETTER.pack({"to": "Zürich \udcff"}, indent=1))
    assert LETTER.read(path).values["to"] == "Zürich \udcff"
    assert Format("mnist_draw letter", 3, 1000).read(path).get_text("to", 6) == "Zürich"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[1]", "no mnist_draw letter"),
        (b'{"format": "mnist_draw bill", "version": 1}', "no mnist_draw letter"),
        (b'{"format": "mnist_draw letter", "version": 3}', "newer program .version 3"),
        (b'{"format": "mnist_draw letter", "version": true}', "version is True"),
        (b'{"format": "mnist_draw letter", "version": 0}', "version is 0"),
        (b'{"format": "mnist_draw letter", "version": -3}', "version is -3"),
        (b'{"format": "mnist_draw letter", "version": NaN}', "version is nan"),
        (b'{"format": "mnist_draw letter"}', "version is None"),
        (b" " * 1001, "1,001 bytes large; at most 1,000"),
    ],
)
def test_other_documents(tmp_path, content, words):
    path = tmp_path / "letter.json"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=words):
        LETTER.read(path)
