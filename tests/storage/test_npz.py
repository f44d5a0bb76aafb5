"""Arrays and networks in a file: reproducible, and no trust in bytes from elsewhere."""

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_draw.errors import DocumentError, UserError
from mnist_draw.networks import describe_model, title_of_model
from mnist_draw.storage import ModelFile, ModelFileError, load_model, npz, save_model
from mnist_draw.storage.models import ModelInfo, pack_model
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


@pytest.mark.parametrize("savez", [np.savez, np.savez_compressed])
def test_reads_what_numpy_writes_and_the_other_way_round(savez):
    buffer = io.BytesIO()
    savez(buffer, **ARRAYS)
    found = unpack(buffer.getvalue())
    with np.load(io.BytesIO(pack(ARRAYS)), allow_pickle=False) as archive:
        assert list(found) == archive.files == list(ARRAYS)
        for name, value in ARRAYS.items():
            assert np.array_equal(found[name], value), name
            assert np.array_equal(archive[name], value), name


@pytest.mark.parametrize("labels", [["cat", "dog"], [b"cat"], [{}]])
def test_says_which_array_has_words_where_numbers_are_read(labels):
    buffer = io.BytesIO()
    array = np.array(labels)
    np.savez(buffer, images=np.zeros((2, 784), np.uint8), labels=array)
    with pytest.raises(DocumentError, match="its array 'labels' has the type") as caught:
        unpack(buffer.getvalue())
    assert not isinstance(caught.value, NpzError)
    assert array.dtype.str in str(caught.value)


def test_equal_arrays_give_equal_bytes_a_piece_at_a_time(monkeypatch):
    again = {name: np.array(value, order="C") for name, value in ARRAYS.items()}
    assert pack(ARRAYS | {"columns": again["columns"]}) == pack(again)
    value = np.arange(4, dtype=np.float32)
    assert pack({"a": value.astype(">f4")}) == pack({"a": value})
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


@pytest.mark.parametrize("value", [np.array([object()]), np.array(["text"]), np.array([1j])])
def test_other_types_are_not_written(value):
    with pytest.raises(TypeError, match="cannot store dtype"):
        pack({"a": value})


def member(content, name="a.npy", compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def npy(descr, shape, data=b""):
    """Return an array's file with any header."""
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def pickled():
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([{"a": 1}], dtype=object))
    return buffer.getvalue()


def with_a_text():
    buffer = io.BytesIO(pack({"a": np.zeros(1)}))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("a.txt", b"text")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an .npz file"),
        (pickled(), "type .O"),
        (pack({f"a{n}": np.zeros(1) for n in range(1001)}), "1001 arrays"),
        (b"PK\x03\x04 and nothing more", "damaged .no zip directory"),
        # As files of Keras and PyTorch.
        (member(b"text", "data.pkl"), "not an .npz file"),
        (with_a_text(), "not an array"),
        (member(b"text"), "no valid header"),
        (member(b"x" * 100, compression=zipfile.ZIP_BZIP2), "compression 12"),
        (member(npy("<f4", "(2,)")), "another size"),
        (member(npy("<f4", "(-1,)")), "no valid header"),
        (member(npy("<c8", "()")), "type '<c8'"),
        (member(npy("<f4", "__import__('os').abort()")), "no valid header"),
        (member(npy("<f4", "(999999999999, 999999999999)")), "another size"),
        (member(npy("|u1", f"({'1, ' * 40})", b"x")), "40 dimensions"),
    ],
    # Zip files hold the time at which they were made: no name for a test.
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_what_is_wrong_is_said(data, message):
    with pytest.raises(DocumentError, match=message):
        unpack(data)


def test_small_file_that_unfolds_into_gigabytes_is_refused_unread():
    bomb = member(b"\0" * 20_000_000, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(DocumentError, match="20 MB; at most 1 MB"):
        unpack(bomb, max_bytes=1_000_000)
    # Neither helps a wrong size in the directory.
    data = bytearray(member(b"\0" * 1_000_000, compression=zipfile.ZIP_DEFLATED))
    directory = data.rindex(b"PK\x01\x02")
    for offset in (22, directory + 24):
        data[offset : offset + 4] = (100).to_bytes(4, "little")
    with pytest.raises(NpzError, match="damaged"):
        unpack(bytes(data))


def test_entries_that_share_a_name_or_a_place_are_damage():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", npy("|u1", "(1,)", b"x"))
        archive.filelist[0].filename = "b.npy"
        del archive.NameToInfo["a.npy"]
        archive.writestr("a.npy", npy("|u1", "(1,)", b"x"))
        archive.filelist[0].filename = "a.npy"
    with pytest.raises(NpzError, match=r"twice|damaged"):
        unpack(buffer.getvalue())
    content = bytearray(
        pack({"a": np.arange(6, dtype=np.float32), "b": np.arange(3, dtype=np.uint8)}),
    )
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = bytes(4)  # the offset of its header
    with pytest.raises(NpzError, match="damaged"):
        unpack(bytes(content))


@given(
    hnp.arrays(
        dtype=st.sampled_from([np.float32, np.float64, np.uint8, np.int64, np.bool_]),
        shape=hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4),
    ),
)
@settings(max_examples=60)
def test_any_array_survives(array):
    found = unpack(pack({"a": array}))["a"]
    assert found.dtype == array.dtype
    assert found.tobytes() == array.tobytes()
    assert found.shape == array.shape


# -- networks


SHAPES = [(4, 3), (3,)]


def small_model(**metadata):
    rng = np.random.default_rng(1)
    return ModelFile(
        network="mlp",
        parameters=tuple(rng.normal(size=shape).astype(np.float32) for shape in SHAPES),
        metadata=metadata or {"title": "Ein Netz für Ziffern", "test_accuracy": 0.9829},
    )


def arrays_of(model):
    return npz.Archive(io.BytesIO(pack_model(model))).read_all()


def with_header(**changes):
    """Return a model file whose header was changed after the fact."""
    arrays: dict[str, Any] = arrays_of(small_model())
    header = json.loads(arrays["header"].tobytes())
    header.update(changes)
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    return npz.pack(arrays)


def with_arrays(**changes):
    return npz.pack({**arrays_of(small_model()), **changes})


def test_what_is_saved_is_read_back_as_float32(tmp_path):
    model = small_model()
    save_model(tmp_path / "model.npz", model)
    found = load_model(tmp_path / "model.npz", shapes_of=lambda _: SHAPES)
    assert found.network == model.network
    assert found.metadata == model.metadata
    assert title_of_model(found) == "Ein Netz für Ziffern"
    for a, b in zip(found.parameters, model.parameters, strict=True):
        assert a.dtype == np.float32
        assert np.array_equal(a, b)
    metadata = {"epochs": [1, 2]}
    model = ModelFile("mlp", (np.ones((2, 2)),), metadata)
    metadata["epochs"].append(3)
    assert model.parameters[0].dtype == np.float32
    assert model.metadata == {"epochs": [1, 2]}
    assert not model.info.title


@pytest.mark.parametrize(
    ("parameters", "metadata", "message"),
    [
        ((), {}, "no parameters"),
        ((np.array([1, np.nan, np.inf], np.float32),), {}, "parameter 0 holds 2 values"),
        ((np.array([1e300]),), {}, "NaN or infinite"),
        ((np.zeros((0, 3), np.float32),), {}, "empty"),
        ((np.array(["1"]),), {}, "type <U1"),
        ((np.array([1j]),), {}, "type complex128"),
        ((np.ones(1),), {"when": object()}, "not JSON"),
        ((np.ones(1),), ["list"], "type list"),
    ],
)
def test_unsound_models_cannot_be_made(parameters, metadata, message):
    with pytest.raises(ModelFileError, match=message):
        ModelFile("mlp", parameters, metadata)
    with pytest.raises(ModelFileError, match="no description"):
        ModelFile("  ", (np.ones(1, np.float32),))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400])
def test_a_figure_that_is_no_number_costs_no_network(value, tmp_path):
    model = small_model(title="A", test_loss=value, test_accuracy=value)
    save_model(tmp_path / "m.npz", model)
    info = load_model(tmp_path / "m.npz").info
    assert (info.title, info.test_loss, info.test_accuracy) == ("A", None, None)
    # Nor does a name that is not UTF-8.
    save_model(tmp_path / "m.npz", small_model(settings={"data_folder": "/data/\udcff"}))
    settings = load_model(tmp_path / "m.npz").info.settings
    assert settings == {"data_folder": "/data/\udcff"}


def test_what_is_known_about_a_network():
    model = small_model(title="A", data="Fashion", test_accuracy=0.9, epochs=3, another="kept")
    assert repr(model) == "<ModelFile 'mlp': 'A', 2 arrays>"
    assert describe_model(model) == "A · 90.00% on Fashion"
    more = model.with_info(before="shipped:best", temperature=1.5)
    assert (more.info.before, more.info.temperature) == ("shipped:best", 1.5)
    assert (more.info.epochs, more.metadata["another"]) == (3, "kept")
    assert model.info.temperature == 1.0
    with pytest.raises(TypeError, match="'titel'"):
        model.with_info(titel="B")
    assert (
        describe_model(small_model(title="A", test_accuracy=0.5))
        == "A · 50.00% on its test pictures"
    )
    assert describe_model(small_model(title="A", epochs=1)) == "A"
    info = ModelInfo.of({"classes": ["a", "b\udcfc"], "data": "gr\udcf6n"})
    assert (info.classes, info.data) == (("a", "b�"), "gr�n")
    info = ModelInfo.of({"classes": ["a\u202e", "b\n"], "name": "a\x1b[31m\u202eb\nc"})
    assert info.classes == ("a\\u202e", "b\\u000a")
    assert info.name == "a\\u001b[31m\\u202eb\\u000ac"


@pytest.mark.parametrize(
    ("name", "value"),
    [("title", 3), ("test_accuracy", 98.2), ("epochs", -5), ("temperature", "hot"),
     ("settings", [1]), ("refused", True), ("before", None)],
)  # fmt: skip
def test_what_makes_no_sense_counts_as_unknown(name, value):
    assert small_model(**{name: value}).info == ModelInfo()


def test_equal_networks_have_the_same_fingerprint():
    assert small_model(title="A").fingerprint == small_model(title="B").fingerprint
    others = [
        small_model(temperature=2),
        small_model(temperature=3),
        ModelFile("cnn", small_model().parameters),
        ModelFile("mlp", (np.ones((2, 2)),)),
    ]
    assert len({model.fingerprint for model in others}) == 4
    assert pack_model(small_model(a=1, b=2)) == pack_model(small_model(b=2, a=1))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"not a zip file", "not an .npz file"),
        (pack_model(small_model())[:-30], "damaged"),
        (npz.pack({"arr_0": np.ones(3)}), "its format is not mnist_draw model"),
        (npz.pack({"header": np.frombuffer(b'{"a": NaN}', np.uint8)}), "not mnist_draw model"),
        (npz.pack({"header": np.frombuffer(b"[" * 9999, np.uint8)}), "it is not a JSON file"),
        (npz.pack({"header": np.zeros(2_000_000, np.uint8)}), "2000128 bytes"),
        (with_header(format="something else"), "its format is not mnist_draw model"),
        (with_header(version=2), "it was written by a newer"),
        (with_header(version="1"), "version is '1'"),
        (with_header(shapes=[[4, 3]]), "promises parameters"),
        (with_header(metadata=None), "metadata is None"),
        (with_arrays(parameter_000=np.full((4, 3), np.nan, np.float32)), "12 values"),
        (with_arrays(parameter_000=np.ones((4, 3))), "type float64, expected float32"),
        (with_arrays(parameter_000=np.ones((3, 4), np.float32)), "promises parameters"),
        (with_arrays(extra=np.ones(3, np.float32)), "'extra' is not a parameter"),
    ],
)
def test_each_kind_of_damage_is_named(data, message, tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=message) as caught:
        load_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(4, 3), (3,), (3, 2)], "has 3 parameters, but 2 were found"),
        ([(4, 5), (3,)], "parameter 0 .* 4×5, but 4×3 was found"),
        ([(4, 3), ()], r"parameter 1 .* \(\), but 3 was found"),
    ],
)
def test_parameters_must_fit_the_network(shapes, message, tmp_path):
    save_model(tmp_path / "m.npz", small_model())
    with pytest.raises(ModelFileError, match=message):
        load_model(tmp_path / "m.npz", shapes_of=lambda _: shapes)

    def refuse(_text):
        raise UserError("There is no such network.")

    with pytest.raises(ModelFileError, match=r"m\.npz cannot be used: There is no such network"):
        load_model(tmp_path / "m.npz", shapes_of=refuse)


def test_file_larger_than_any_model_is_not_read(tmp_path):
    path = tmp_path / "large.npz"
    with path.open("wb") as file:
        file.truncate(600 * 1024 * 1024)  # sparse: takes no room on the disk
    with pytest.raises(ModelFileError, match="629 MB; at most"):
        load_model(path)


@given(st.data())
@settings(max_examples=100)
def test_damaged_files_give_model_file_errors_or_the_same_model(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    model = small_model()
    content = bytearray(pack_model(model))
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=0, max_size=5)):
        content[position] ^= 1 << data.draw(st.integers(0, 7))
    cut = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    path.write_bytes(content[:cut])
    try:
        found = load_model(path)
    except ModelFileError:
        return
    assert found.network == model.network
    assert found.metadata == model.metadata
    for a, b in zip(found.parameters, model.parameters, strict=True):
        assert np.array_equal(a, b)
