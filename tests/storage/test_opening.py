"""The one door: what is no regular file, or too large, is refused before memory is taken."""

import gzip
import io
import json
import os
import stat
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from mnist_draw.errors import DocumentError
from mnist_draw.storage import StorageError, npz
from mnist_draw.storage.document import parse
from mnist_draw.storage.opening import open_file, open_unfolded, read_file, regular_only

#: What may be taken above the idle program, in MB.
_MAX_MB = 300
_ZEROS = bytes(1024 * 1024)


def test_takes_room_for_what_a_file_holds_only(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"content")
    tracemalloc.start()
    try:
        assert read_file(tmp_path / "a", 500_000_000) == b"content"
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()
    with pytest.raises(DocumentError, match=r"at most 0\.000006 MB"):
        read_file(tmp_path / "a", 6)
    # It grows between the look at its size and the end of reading.
    monkeypatch.setattr(os, "fstat", lambda _: os.stat_result((stat.S_IFREG, *([0] * 9))))
    assert read_file(tmp_path / "a", 7) == b"content"
    with pytest.raises(DocumentError, match=r"at most 0\.000006 MB"):
        read_file(tmp_path / "a", 6)


@pytest.mark.skipif(os.name == "nt", reason="pipes and devices as POSIX has them")
def test_pipe_and_device_are_refused_unopened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(DocumentError, match="not a regular file"):
            read_file(path, 100)


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("mode", ["a", "w"])
def test_a_log_is_written_through_no_link(tmp_path, mode):
    (tmp_path / "target").write_text("kept")
    (tmp_path / "log").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="not a regular file"):
        open(tmp_path / "log", mode, opener=regular_only)  # noqa: SIM115
    assert (tmp_path / "target").read_text() == "kept"
    with open(tmp_path / "own", mode, opener=regular_only) as file:
        file.write("log")
    assert (tmp_path / "own").read_text() == "log"


def test_what_cannot_be_opened_or_read(tmp_path):
    with pytest.raises(DocumentError, match="it is a folder"):
        read_file(tmp_path, 100)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "absent", 100)
    with pytest.raises(DocumentError, match="name is not valid"):
        read_file("a\0b", 100)
    (tmp_path / "a").write_bytes(b"content")
    with pytest.raises(StorageError, match="cannot be read: input/output error"):
        fail(tmp_path / "a", OSError(5, "Input/output error"))
    # A reader's own complaint stays what it is.
    with pytest.raises(OSError, match="no such picture"):
        fail(tmp_path / "a", OSError("no such picture"))


def fail(path, error):
    with open_file(path, 100):
        raise error


def test_gzip_is_seen_in_the_content_and_unfolded_as_far_as_it_is_read(tmp_path):
    for name, content in (("plain", b"abc"), ("packed", gzip.compress(b"abc"))):
        (tmp_path / name).write_bytes(content)
        with open_unfolded(tmp_path / name, 100) as file:
            assert file.read(2) == b"ab"
    (tmp_path / "cut").write_bytes(gzip.compress(b"abc")[:-4])
    with (
        pytest.raises(DocumentError, match="unpacking failed"),
        open_unfolded(tmp_path / "cut", 100) as file,
    ):
        file.read(10)


def test_what_unfolds_into_much_is_refused():
    with pytest.raises(DocumentError, match="more than 1000 values"):
        parse("[" + "[],[]," * 1000 + "0]", 1000)
    content = npz.pack({"a": np.zeros(3)})
    end = content.rindex(b"PK\x05\x06")
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    with pytest.raises(npz.NpzError, match="arrays"):
        npz.Archive(io.BytesIO(content[:end] + locator + content[end:]))


def gzip_bomb(folder, promised=4_000_000):
    """Write an IDX file of 3 GB in 3 MB: a gzip file may have several parts."""
    path = folder / "train-images-idx3-ubyte.gz"
    header = b"\0\0\x08\x03" + struct.pack(">III", promised, 28, 28)
    path.write_bytes(gzip.compress(header) + 30 * gzip.compress(100 * _ZEROS, 6))
    return path


def deflated_model(folder, values=60_000_000):
    """Write a model of zeros, which deflate to a thousandth."""
    path = folder / "bomb.npz"
    header = b'{"format":"mnist_draw model","version":1,"network":"mlp","shapes":[],"metadata":{}}'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("header.npy", npy(np.frombuffer(header, np.uint8)))
        with archive.open("parameter_000.npy", "w", force_zip64=True) as member:
            member.write(npy(np.zeros(0, np.float32), (values,)))
            for _ in range(4 * values // len(_ZEROS) + 1):
                member.write(_ZEROS)
    return path


def npy(array, shape=None):
    buffer = io.BytesIO()
    about = {"descr": array.dtype.str, "fortran_order": False, "shape": shape or array.shape}
    np.lib.format.write_array_header_1_0(buffer, about)
    return buffer.getvalue() + array.tobytes()


def many_entries(folder):
    """Write a zip file whose directory alone takes gigabytes in memory."""
    path = folder / "bomb.npz"
    entry = struct.pack(
        "<4s4B4HL2L5H2L",
        b"PK\x01\x02",
        20,
        3,
        20,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
    )
    directory = (entry + b"a") * 2_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(directory), 4, 0)
    path.write_bytes(b"PK\x03\x04" + directory + end)
    return path


def deep_json(folder):
    """Write a board of forty million empty lists."""
    path = folder / "board.json"
    text = b'{"format":"mnist_draw drawing","version":1,"items":['
    path.write_bytes(text + b"[]," * 40_000_000 + b"[]]}")
    return path


def png_of(folder, color, bits, side=10_000, rows=None):
    """Write a PNG of 100 megapixels with nothing on it, or its first rows."""
    samples = {0: 1, 2: 3, 3: 1, 6: 4}[color]
    row = b"\0" + b"\x80" * (side * samples * bits // 8)
    packer = zlib.compressobj(1)
    packed = b"".join([*(packer.compress(row) for _ in range(rows or side)), packer.flush()])
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, bits, color, 0, 0, 0))]
    if color == 3:
        chunks += [(b"PLTE", bytes(range(256)) * 3), (b"tRNS", bytes(range(256)))]
    chunks += [(b"IDAT", packed), (b"IEND", b"")]
    path = folder / f"{color}-{bits}.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        ),
    )
    return path


def float_tiff(folder, side=10_000):
    """Write an uncompressed TIFF of floats; its 400 MB are a hole in the file."""
    path = folder / "float.tif"
    tags = [
        (256, 4, side), (257, 4, side), (258, 3, 32), (259, 3, 1), (262, 3, 1),
        (273, 4, 200), (277, 3, 1), (278, 4, side), (279, 4, 4 * side * side), (339, 3, 3),
    ]  # fmt: skip
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    head += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    with path.open("wb") as file:
        file.write(head + bytes(4))
        file.truncate(200 + 4 * side * side)
    return path


def webp(folder):
    """Write a WebP of 64 megapixels."""
    from PIL import Image

    path = folder / "large.webp"
    Image.new("L", (8000, 8000), 255).save(path, "WEBP", quality=1, method=0)
    return path


def plain_pnm(folder):
    """Write a plain PPM of 60 MB, which takes Pillow half a minute."""
    path = folder / "plain.ppm"
    path.write_bytes(b"P3 4000 4000 255 " + b"1 " * 30_000_000)
    return path


#: What reads the files, in a program of its own, and the most memory that it took, in MB.
_PROGRAM = """
import json, os, sys
from pathlib import Path
import scipy.ndimage
from mnist_draw.app.draw import autosave
from mnist_draw.dataset.pictures.picture_file import load_picture
from mnist_draw.dataset.sources.idx_files import read_idx
from mnist_draw.errors import UserError
from mnist_draw.library.networks import load_trained
from mnist_draw.training.checkpoint import load_checkpoint
def peak():
    # Linux counts what the program that started this one took in getrusage, but not here.
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000
    except OSError:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
def read_board(path):
    os.replace(path, autosave.board_path())
    return autosave._read(autosave.board_path(), ())[1]
READERS = {
    "idx": lambda path: read_idx(path, dimensions=(3,)), "model": load_trained,
    "checkpoint": load_checkpoint, "board": read_board, "picture": load_picture,
}
idle = peak()
for reader, path in json.loads(sys.argv[1]):
    try:
        found = READERS[reader](Path(path))
        said = found if isinstance(found, str) else ""
        del found
    except UserError as error:
        said = str(error)
    print(json.dumps([said, peak() - idle]))
"""
_BOMBS = [
    (gzip_bomb, "idx", "at most 629 MB are read"),
    (lambda folder: gzip_bomb(folder, 100), "idx", "longer than its header says"),
    (deflated_model, "model", "too many"),
    (deflated_model, "checkpoint", "not mnist_draw checkpoint"),
    (many_entries, "model", "more than 1000 arrays"),
    (deep_json, "board", "more than"),
]
_PICTURES = [
    (lambda folder: png_of(folder, 0, 16), "picture", ""),
    (lambda folder: png_of(folder, 3, 8), "picture", ""),
    (lambda folder: png_of(folder, 2, 8, rows=1), "picture", "megapixels"),
    (lambda folder: png_of(folder, 6, 8, rows=1), "picture", "megapixels"),
    (lambda folder: png_of(folder, 6, 8, 7000), "picture", ""),
    (float_tiff, "picture", "megapixels"),
    (lambda folder: float_tiff(folder, 7000), "picture", ""),
    (webp, "picture", "megapixels"),
    (plain_pnm, "picture", "plain PNM"),
]


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="needs the peak that POSIX systems tell")
@pytest.mark.parametrize("cases", [_BOMBS, _PICTURES], ids=["bombs", "pictures"])
def test_nothing_takes_more_memory_than_the_program_has_for_it(tmp_path, cases):
    """What is refused says so, and what is read is read, within 300 MB above the idle program."""
    files = []
    for number, (make, reader, _) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        files.append((reader, str(make(folder))))
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps(files)],
        env={**os.environ, "MNIST_DRAW_HOME": str(tmp_path / "home")},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line, (_, path), (*_, words) in zip(done.stdout.splitlines(), files, cases, strict=True):
        said, peak = json.loads(line)
        assert words in said, path
        assert bool(said) == bool(words), path
        assert peak < _MAX_MB, path
