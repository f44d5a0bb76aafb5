"""Arrays in a file: reproducible bytes, and no trust in bytes from elsewhere."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_draw.storage.npz import MAX_BYTES, Archive, NpzError, pack

ARRAYS = {
    "weights": np.arange(12, dtype=np.float32).reshape(3, 4),
    "labels": np.arange(5, dtype=np.uint8),
    "scalar": np.int64(-3),
    "empty": np.zeros((0, 4)),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "flags": np.array([True, False]),
}


def unpack(data, max_bytes=MAX_BYTES):
    return Archive(io.BytesIO(data), max_bytes).read_all()


def test_round_trip_keeps_names_order_types_and_values():
    found = unpack(pack(ARRAYS))
    assert list(found) == list(ARRAYS)
    for name, value in ARRAYS.items():
        assert found[name].dtype == np.asarray(value).dtype
        assert found[name].shape == np.shape(value)
        assert np.array_equal(found[name], value)


def test_numpy_reads_what_is_written():
    with np.load(io.BytesIO(pack(ARRAYS)), allow_pickle=False) as archive:
        assert archive.files == list(ARRAYS)
        assert np.array_equal(archive["weights"], ARRAYS["weights"])


@pytest.mark.parametrize("savez", [np.savez, np.savez_compressed])
def test_reads_what_numpy_writes(savez):
    buffer = io.BytesIO()
    savez(buffer, **ARRAYS)  # type: ignore[operator]
    found = unpack(buffer.getvalue())
    for name, value in ARRAYS.items():
        assert np.array_equal(found[name], value), name


def test_equal_arrays_give_equal_bytes():
    again = {name: np.array(value, order="C") for name, value in ARRAYS.items()}
    assert pack(ARRAYS | {"columns": again["columns"]}) == pack(again)


def test_large_arrays_are_copied_a_piece_at_a_time(monkeypatch):
    # While one piece is copied no other thread runs, the window's included.
    pieces: list[int] = []

    class Noting(io.BytesIO):
        def write(self, data):
            pieces.append(memoryview(data).nbytes)
            return super().write(data)

    large = np.arange(2_500_000, dtype=np.float32).reshape(2500, 1000)
    whole = pack({"large": large})
    monkeypatch.setattr(io, "BytesIO", Noting)
    assert pack({"large": large}) == whole
    assert sum(pieces) > large.nbytes
    assert max(pieces) <= 2**20


def test_byte_order_is_the_same_everywhere():
    value = np.arange(4, dtype=np.float32)
    assert pack({"a": value.astype(">f4")}) == pack({"a": value})


@pytest.mark.parametrize("value", [np.array([object()]), np.array(["text"]), np.array([1j])])
def test_other_types_are_not_written(value):
    with pytest.raises(TypeError, match="cannot store dtype"):
        pack({"a": value})


def member(content, name="a.npy", compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def npy(header, data=b""):
    text = header.encode("latin-1")
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def test_pickled_object_is_never_loaded():
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([{"a": 1}], dtype=object))
    with pytest.raises(NpzError, match="header"):
        unpack(buffer.getvalue())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an .npz file"),
        (b"hello", "not an .npz file"),
        (b"PK\x03\x04 and nothing more", "truncated or damaged"),
        (member(b"text", "a.txt"), "not an array"),
        (member(b"text"), "no valid header"),
        (member(b"x" * 100, compression=zipfile.ZIP_BZIP2), "compressed in a way"),
        (
            member(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n")),
            "another size",
        ),
        (
            member(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }\n")),
            "no valid header",
        ),
        (member(npy("{'descr': '<c8', 'fortran_order': False, 'shape': (), }\n")), "type '<c8'"),
        (member(npy("__import__('os').abort()\n")), "no valid header"),
        (
            member(
                npy(
                    "{'descr': '<f4', 'fortran_order': False, "
                    "'shape': (999999999999, 999999999999), }\n"
                )
            ),
            "another size",
        ),
        (
            member(
                npy(
                    f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({'1, ' * 40}), }}\n", b"x"
                )
            ),
            "40 dimensions",
        ),
    ],
    # Zip files hold the time at which they were made: no name for a test.
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said(data, message):
    with pytest.raises(NpzError, match=message):
        unpack(data)


def test_small_file_that_unfolds_into_gigabytes_is_refused_unread():
    bomb = member(b"\0" * 20_000_000, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(NpzError, match="would unfold to 20 MB"):
        unpack(bomb, max_bytes=1_000_000)


def test_entry_that_lies_about_its_size_is_refused():
    data = bytearray(member(b"\0" * 1_000_000, compression=zipfile.ZIP_DEFLATED))
    directory = data.rindex(b"PK\x01\x02")
    for offset in (22, directory + 24):
        data[offset : offset + 4] = (100).to_bytes(4, "little")
    with pytest.raises(NpzError, match="damaged"):
        unpack(bytes(data))


def test_too_many_arrays():
    with pytest.raises(NpzError, match="1001 arrays"):
        unpack(pack({f"a{n}": np.zeros(1) for n in range(1001)}))


def test_same_name_twice():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", pack_one := npy_of(np.zeros(2)))
        archive.filelist[0].filename = "b.npy"
        del archive.NameToInfo["a.npy"]
        archive.writestr("a.npy", pack_one)
        archive.filelist[0].filename = "a.npy"
    with pytest.raises(NpzError, match=r"twice|damaged"):
        unpack(buffer.getvalue())


def npy_of(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@given(
    hnp.arrays(
        dtype=st.sampled_from([np.float32, np.float64, np.uint8, np.int64, np.bool_]),
        shape=hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
    )
)
@settings(max_examples=60, deadline=None)
def test_any_array_survives(array):
    found = unpack(pack({"a": array}))["a"]
    assert found.dtype == array.dtype
    assert found.tobytes() == array.tobytes()
    assert found.shape == array.shape


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_damage_is_found_or_harmless(data):
    """Any change of any byte either ends in NpzError or leaves the arrays as they were."""
    arrays = {"a": np.arange(6, dtype=np.float32), "b": np.arange(3, dtype=np.uint8)}
    content = bytearray(pack(arrays))
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    try:
        found = unpack(bytes(content[:cut]))
    except NpzError:
        return
    for array in found.values():
        assert array.nbytes <= 24
