"""The one door: what is no regular file, or too large, is refused before memory is taken."""

from __future__ import annotations

import gzip
import io
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
from mnist_draw.storage.opening import open_file, open_unfolded, read_file

#: What may be taken above the idle program, in MB.
_MAX_MB = 300
_ZEROS = bytes(1024 * 1024)


def test_gives_a_files_content(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    assert read_file(tmp_path / "a", 7) == b"content"
    with pytest.raises(DocumentError, match="7 bytes large; at most 6"):
        read_file(tmp_path / "a", 6)


def test_takes_room_for_what_a_file_holds_only(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"content")
    tracemalloc.start()
    try:
        assert read_file(tmp_path / "a", 500_000_000) == b"content"
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()
    # It grows between the look at its size and the end of reading.
    monkeypatch.setattr(os, "fstat", lambda _: os.stat_result((stat.S_IFREG, *([0] * 9))))
    assert read_file(tmp_path / "a", 7) == b"content"
    with pytest.raises(DocumentError, match="7 bytes large; at most 6"):
        read_file(tmp_path / "a", 6)


@pytest.mark.skipif(os.name == "nt", reason="pipes and devices as POSIX has them")
def test_pipe_and_device_are_refused_unopened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(DocumentError, match="not a regular file"):
            read_file(path, 100)


def test_folder_missing_file_and_bad_name(tmp_path):
    with pytest.raises(DocumentError, match="it is a folder"):
        read_file(tmp_path, 100)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "absent", 100)
    with pytest.raises(DocumentError, match="name is not valid"):
        read_file("a\0b", 100)


def test_error_while_reading_is_told_as_one_of_the_system(tmp_path):
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


def test_json_that_unfolds_into_many_values_is_refused():
    with pytest.raises(DocumentError, match="more than 1,000 values"):
        parse("[" + "[],[]," * 1000 + "0]", 1000)


def gzip_bomb(folder):
    """Write an IDX file that promises and holds 3 GB of pictures in 3 MB."""
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(packed_zeros(b"\0\0\x08\x03" + struct.pack(">III", 4_000_000, 28, 28)))
    return path


def idx_that_lies(folder):
    """Write an IDX file that promises little and goes on for 3 GB."""
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(packed_zeros(b"\0\0\x08\x03" + struct.pack(">III", 100, 28, 28)))
    return path


def packed_zeros(start):
    """Return some bytes and 3 GB of zeros in 3 MB: a gzip file may have several parts."""
    return gzip.compress(start) + 30 * gzip.compress(100 * _ZEROS, 6)


def deflated_model(folder, name="parameter_000", values=60_000_000):
    """Write a model of zeros, which deflate to a thousandth."""
    path = folder / "bomb.npz"
    header = b'{"format":"mnist_draw model","version":1,"network":"mlp","shapes":[],"metadata":{}}'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", npy(np.frombuffer(header, np.uint8)))
        with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
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
        "<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0
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


def png_of(folder, colour, bits, side=10_000):
    """Write a PNG of 100 megapixels with nothing on it."""
    samples = {0: 1, 2: 3, 3: 1, 6: 4}[colour]
    row = b"\0" + b"\x80" * (side * samples * bits // 8)
    packer = zlib.compressobj(1)
    packed = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, bits, colour, 0, 0, 0))]
    if colour == 3:
        chunks += [(b"PLTE", bytes(range(256)) * 3), (b"tRNS", bytes(range(256)))]
    chunks += [(b"IDAT", packed), (b"IEND", b"")]
    path = folder / f"{colour}-{bits}.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
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


_READ = {
    "idx": "from mnist_draw.dataset.sources.idx_files import read_idx\n"
    "read_idx(path, dimensions=(3,))",
    "model": "from mnist_draw.library.networks import load_trained\nload_trained(path)",
    "checkpoint": "from mnist_draw.training.checkpoint import load_checkpoint\n"
    "load_checkpoint(path)",
    "board": "from mnist_draw.app.draw.autosave import _read\nimport os, shutil\n"
    "from mnist_draw.app.draw.autosave import board_path\nos.replace(path, board_path())\n"
    "print(_read(board_path(), ())[1])",
    "picture": "from mnist_draw.dataset.pictures.picture_file import load_picture\n"
    "load_picture(path)",
}
_PROGRAM = """
import sys
from pathlib import Path
from mnist_draw.errors import UserError
import numpy, scipy.ndimage, PIL.Image, mnist_draw.dataset.pictures.picture_file
import mnist_draw.dataset.mnist, mnist_draw.library.networks
import mnist_draw.training.checkpoint
def peak():
    # In MB. Linux counts what the program that started this one took in getrusage, but not here.
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000
    except OSError:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
path = Path(sys.argv[1])
idle = peak()
try:
{}
except UserError as error:
    print(error)
print(peak() - idle)
"""


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="needs the peak that POSIX systems tell")
@pytest.mark.parametrize(
    ("make", "read", "words"),
    [
        (gzip_bomb, "idx", "at most 268 MB are read"),
        (idx_that_lies, "idx", "longer than its header says"),
        (deflated_model, "model", "more than a network"),
        (deflated_model, "checkpoint", "no mnist_draw checkpoint"),
        (many_entries, "model", "more than 1000 arrays"),
        (deep_json, "board", "more than"),
        (lambda folder: png_of(folder, 0, 8), "picture", ""),
        (lambda folder: png_of(folder, 0, 16), "picture", ""),
        (lambda folder: png_of(folder, 3, 8), "picture", ""),
        (lambda folder: png_of(folder, 2, 8), "picture", "megapixels"),
        (lambda folder: png_of(folder, 6, 8), "picture", "megapixels"),
        (lambda folder: png_of(folder, 6, 8, 7000), "picture", ""),
        (float_tiff, "picture", "megapixels"),
        (lambda folder: float_tiff(folder, 7000), "picture", ""),
        (webp, "picture", "megapixels"),
        (plain_pnm, "picture", "plain PNM"),
    ],
    ids=[
        "gzip bomb", "lying gzip", "deflated model", "deflated checkpoint", "zip entries", "lists",
        "grey", "16 bits", "palette", "colours", "RGBA", "RGBA 49 MP", "floats", "floats 49 MP",
        "WebP", "plain PNM",
    ],
)  # fmt: skip
def test_nothing_takes_more_memory_than_the_program_has_for_it(tmp_path, make, read, words):
    """What is refused says so, and what is read is read, within 300 MB above the idle program."""
    path = make(tmp_path)
    body = "\n".join(f"    {line}" for line in _READ[read].splitlines())
    environment = {**os.environ, "MNIST_DRAW_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(body), str(path)],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *said, peak = done.stdout.splitlines()
    assert words in " ".join(said)
    assert bool(said) == bool(words)
    assert float(peak) < _MAX_MB


def test_npz_with_a_directory_for_larger_files_is_refused():
    content = npz.pack({"a": np.zeros(3)})
    end = content.rindex(b"PK\x05\x06")
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    with pytest.raises(npz.NpzError, match="arrays"):
        npz.Archive(io.BytesIO(content[:end] + locator + content[end:]))
