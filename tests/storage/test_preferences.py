"""Versioned JSON, read without trust; preferences, never a reason not to start."""

import errno
import json
import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw.errors import DocumentError
from mnist_draw.storage import StorageError, document, preferences
from mnist_draw.storage.document import Fields, Format, drop_non_finite, pack, parse
from mnist_draw.storage.preferences import Preferences

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
        {"n": 3.0, "x": 2, "t": "abcdef\ud800", "c": "red", "f": {"a": 1}, "e": [1, "2"]},
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
        (True, lambda fields: fields.get_int("x", 0, 9), "x is True, not a whole number from 0"),
        (2.5, lambda fields: fields.get_int("x", 0, 9), "x is 2.5, not a whole number"),
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
        (b"[1]", "not mnist_draw letter"),
        (b'{"format": "mnist_draw bill", "version": 1}', "not mnist_draw letter"),
        (b'{"format": "mnist_draw letter", "version": 3}', "newer program .version 3"),
        (b'{"format": "mnist_draw letter", "version": true}', "version is True"),
        (b'{"format": "mnist_draw letter", "version": -3}', "version is -3"),
        (b'{"format": "mnist_draw letter", "version": NaN}', "version is nan"),
        (b" " * 1001, "at most 0.001 MB"),
    ],
)
def test_other_documents(tmp_path, content, words):
    path = tmp_path / "letter.json"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=words):
        LETTER.read(path)


# -- preferences


@pytest.fixture
def path(tmp_path):
    return tmp_path / "preferences.json"


def test_saving_while_values_are_set_and_while_another_window_hangs(path, monkeypatch):
    chosen = Preferences(path)
    chosen.set("theme", "dark")
    write = preferences.write_atomically

    def write_meanwhile(place, content):
        chosen.set("theme", "light")
        chosen.set("tab", "draw")
        write(place, content)

    monkeypatch.setattr(preferences, "write_atomically", write_meanwhile)
    chosen.save()
    monkeypatch.undo()
    chosen.save()
    again = Preferences(path)
    assert (again.get("theme", ""), again.get("tab", "")) == ("light", "draw")


def test_nothing_is_written_while_another_window_writes(path, monkeypatch):
    monkeypatch.setattr(preferences, "_PATIENCE", 0.0)
    here = Preferences(path)
    here.set("epochs", 3)
    with FileLock(path.with_name(".preferences.json.lock")):
        # What the other window has read is out of date once this one writes.
        with pytest.raises(StorageError, match="preferences"):
            here.save()
        document_of_the_other = {"schema": 1, "values": {"theme": "dark"}}
        path.write_bytes(pack(document_of_the_other))
    here.save()
    kept = Preferences(path)
    assert (kept.get("epochs", 0), kept.get("theme", "")) == (3, "dark")


def test_a_lock_that_cannot_be_released_loses_nothing(path, monkeypatch):
    def fail(lock):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(FileLock, "_release", fail)
    here = Preferences(path)
    here.set("epochs", 3)
    here.save()
    assert Preferences(path).get("epochs", 0) == 3


def test_what_changed_is_remembered_and_nothing_else_is_written(path):
    first = Preferences(path)
    first.save()
    assert not path.exists()
    first.set("epochs", 20)
    first.save()
    path.unlink()
    first.set("epochs", 20)
    first.remove("other")
    first.save()
    assert not path.exists()
    first = Preferences(path)
    first.set("epochs", 20)
    first.set("folder", "/Zürich")
    first.set("removed", 1)
    first.save()
    first.remove("removed")
    first.save()
    with pytest.raises(TypeError, match="'a' is not JSON"):
        first.set("a", float("nan"))
    second = Preferences(path)
    assert second.notice == ""
    assert second.get("epochs", 1) == 20
    assert second.get("folder", "") == "/Zürich"
    assert second.get("missing", 1.5) == 1.5
    assert second.get("removed", 0) == 0


def test_unknown_values_and_those_of_a_failed_save_are_kept(path, tmp_path):
    path.write_text('{"schema": 1, "values": {"of another version": [1, 2]}}')
    first = Preferences(path)
    first.set("epochs", 3)
    first.save()
    assert json.loads(path.read_text())["values"]["of another version"] == [1, 2]
    first = Preferences(tmp_path / "gone" / "preferences.json")
    first.set("a", 1)
    with pytest.raises(StorageError, match="does not exist"):
        first.save()
    (tmp_path / "gone").mkdir()
    first.save()
    assert Preferences(first.path).get("a", 0) == 1


@pytest.mark.parametrize(
    ("stored", "default", "expected"),
    [
        (3, 1, 3),
        (3, 0.5, 3.0),
        (True, 1, 1),
        ("3", 1, 1),
        (2.5, 1, 1),
        (None, "a", "a"),
        ([1], [], [1]),
        ({"a": 1}, [], []),
        (False, True, False),
    ],
)
def test_values_of_another_kind_give_the_default(path, stored, default, expected):
    path.write_text(json.dumps({"schema": 1, "values": {"x": stored}}))
    found = Preferences(path).get("x", default)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not a JSON file"),
        (b"[" * 100_000, "not a JSON file"),
        (b'{"schema": 1}', "no preferences"),
        (b'{"schema": "1", "values": {}}', "version is '1'"),
        (b'{"schema": 0, "values": {}}', "version is 0"),
        (b'{"schema": 99, "values": {}}', "newer program"),
        (b" " * (5 * 1024 * 1024), "at most 4.19 MB"),
    ],
)
def test_unreadable_file_is_put_aside_and_reported(path, content, reason):
    path.write_bytes(content)
    found = Preferences(path)
    assert reason in found.notice
    assert found.get("epochs", 20) == 20
    [aside] = path.parent.iterdir()
    assert aside.name.startswith("preferences.json.unreadable-")
    assert aside.name in found.notice
    assert aside.read_bytes() == content
    found.set("epochs", 5)
    found.save()
    assert Preferences(path).get("epochs", 0) == 5
    path.unlink()
    path.mkdir()
    assert "folder" in Preferences(path).notice
    assert not path.exists()


def test_file_that_may_not_be_read_is_reported(path, monkeypatch):
    def refuse(_path, _mode):
        raise PermissionError(13, "Permission denied")

    path.write_text("{}")
    monkeypatch.setattr(document.Path, "open", refuse)
    assert "permission denied" in Preferences(path).notice
    assert path.exists()


def test_numbers_that_are_none_and_surrogates_cost_only_themselves(path):
    content = '{"schema": 1, "values": {"pen": NaN, "hue": 1e999, "far": %s, "epochs": 7}}'
    path.write_text(content % (10**400))
    first = Preferences(path)
    assert "not numbers" in first.notice
    assert [first.get(name, 0.5) for name in ("pen", "hue", "far")] == [0.5] * 3
    assert first.get("epochs", 1) == 7
    [aside] = path.parent.iterdir()
    assert aside.name in first.notice
    first.save()
    assert Preferences(path).get("epochs", 1) == 7
    assert Preferences(path).notice == ""
    path.write_text(r'{"schema": 1, "values": {"folder": "\ud800", "data": "/x/\udcff"}}')
    first = Preferences(path)
    assert first.get("folder", "default") == "default"
    # This one stands for a byte of a name that is not UTF-8.
    assert first.get("data", "default") == "/x/\udcff"
    first.set("output", "/y/\udcfe")
    first.save()
    assert Preferences(path).get("output", "") == "/y/\udcfe"


def test_several_windows_lose_nothing(path):
    Preferences(path).save()
    first, second = Preferences(path), Preferences(path)
    first.set("epochs", 3)
    first.set("theme", "dark")
    second.set("pen", 40)
    first.save()
    second.remove("theme")
    second.save()
    last = Preferences(path)
    assert (last.get("epochs", 0), last.get("pen", 0)) == (3, 40)

    def close(number):
        mine = Preferences(path)
        mine.set(f"window {number}", number)
        mine.save()

    with ThreadPoolExecutor(8) as windows:
        list(windows.map(close, range(32)))
    last = Preferences(path)
    assert [last.get(f"window {number}", -1) for number in range(32)] == list(range(32))


def test_a_listener_hears_of_changes_alone(path):
    heard = []
    chosen = Preferences(path)
    chosen.on_change = lambda: heard.append(True)
    chosen.set("theme", "dark")
    chosen.set("theme", "dark")
    chosen.remove("theme")
    chosen.remove("theme")
    assert len(heard) == 2


def test_values_that_change_often_are_made_when_they_are_read(tmp_path):
    path = tmp_path / "preferences.json"
    chosen = Preferences(path)
    made = []

    def value(count):
        made.append(count)
        return count

    for count in range(3):
        chosen.set_later("epochs", partial(value, count))
    assert made == []
    assert chosen.get("epochs", 0) == 2
    assert made == [2]
    chosen.set_later("epochs", partial(value, 7))
    chosen.save()
    assert Preferences(path).get("epochs", 0) == 7
    chosen.set_later("epochs", partial(value, 8))
    chosen.set("epochs", 9)
    assert chosen.get("epochs", 0) == 9
