"""What all tests share: a home of their own, one compile cache, and a few digits."""

import contextlib
import gc
import gzip
import os
import random
import shutil
import signal
import socket
import struct
import tempfile
from pathlib import Path

import hypothesis
import numpy as np
import pytest

# Before all else it may choose a language: tables of sentences are translated when imported.
from tests import languages as languages

# isort: split
from mnist_draw import app as app  # Chooses between the installed Qts.
from mnist_draw.dataset.mnist import Dataset, load_dataset
from mnist_draw.theano_bridge import installed_theano

_ROOT = Path(__file__).parents[1]
_STORED = _ROOT / ".pytest_cache"
_IDX_CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
_MNIST_NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

# A loaded machine draws examples slowly, and no test measures time. The same examples every time:
# who looks for new ones adds --hypothesis-profile=new to the command.
for profile, repeated in (("new", False), ("same", True)):
    hypothesis.settings.register_profile(
        profile,
        deadline=None,
        derandomize=repeated,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
hypothesis.settings.load_profile("same")

os.environ["PYTEST_QT_API"] = os.environ["QT_API"]

# Qt writes a line where it is not set. The end of the tests removes it.
_RUNTIME = tempfile.TemporaryDirectory(prefix="mnist-draw-tests-")
os.environ.setdefault("XDG_RUNTIME_DIR", _RUNTIME.name)

# A shell's job in the background ignores Ctrl-C, and what it starts inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config):
    """Keep the tests away from the user's folders, compiled code between runs apart."""
    # PyTensor itself silences this one, once, when it is imported; pytest undoes that.
    config.addinivalue_line("filterwarnings", r"ignore:.*np\.dot\(\) is faster on contiguous")
    if installed_theano():
        # Theano 1.0.5 is older than the Python and the NumPy that it runs on, and leaves files
        # open: what it warns of is not ours. Everywhere else these remain errors.
        for kind in (
            "DeprecationWarning",
            "ResourceWarning",
            "pytest.PytestUnraisableExceptionWarning",
        ):
            config.addinivalue_line("filterwarnings", f"ignore::{kind}")
        # Lasagne 0.1 uses the older name.
        config.addinivalue_line("filterwarnings", "ignore:The `image_shape` keyword argument")
    # Programs that tests start elsewhere find this code, installed or not.
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(_ROOT), *([before] if before else [])])
    home = Path(tempfile.mkdtemp(prefix="mnist_draw-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ["MNIST_DRAW_HOME"] = str(home)
    (home / "cache").mkdir()
    for name in ("compiled", "loops"):
        stored = _STORED / name
        if installed_theano():
            # Theano's lock on this folder fails now and then where two processes want it.
            stored /= os.environ.get("PYTEST_XDIST_WORKER", "alone")
        stored.mkdir(parents=True, exist_ok=True)
        # Where links are forbidden (Windows without developer mode) every run compiles anew.
        with contextlib.suppress(OSError, NotImplementedError):
            (home / "cache" / name).symlink_to(stored, target_is_directory=True)


def pytest_collection_modifyitems(items):
    """Begin with programs that are waited for long: no process of the run ends alone with one."""
    items.sort(key=lambda item: not {"slow", "process"} <= {m.name for m in item.iter_markers()})


def pytest_collection_finish():
    """Keep half a million objects of modules and tests out of the way of the collector."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def same_random_numbers(request):
    """Seed what draws random numbers: no test depends on which tests ran before it."""
    np.random.seed(5)  # noqa: NPY002 - Lasagne draws from here.
    random.seed(5)
    if hasattr(request.module, "RNG"):
        request.module.RNG.bit_generator.state = np.random.default_rng(5).bit_generator.state


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Fail a test that opens a socket, except one within this computer (a display, a pipe)."""
    local = {getattr(socket, name) for name in ("AF_UNIX",) if hasattr(socket, name)}

    class LocalSocket(socket.socket):
        def __init__(self, family=-1, *rest, **named):
            given = named.get("fileno", rest[2] if len(rest) > 2 else None)
            if given is None and family not in local:
                raise AssertionError("the program and its tests open no network connection")
            super().__init__(family, *rest, **named)

    monkeypatch.setattr(socket, "socket", LocalSocket)


@pytest.fixture
def own_home(tmp_path_factory, monkeypatch):
    """Give a test preferences, runs and logs of its own; compiled code alone is shared."""
    home = tmp_path_factory.mktemp("home")
    shared = Path(os.environ["MNIST_DRAW_HOME"]) / "cache"
    # Without links each test compiles anew.
    with contextlib.suppress(OSError, NotImplementedError):
        (home / "cache").symlink_to(shared, target_is_directory=True)
    monkeypatch.setenv("MNIST_DRAW_HOME", str(home))
    return home


def idx_bytes(values, dtype="u1"):
    """Return an IDX file: header and big-endian values."""
    header = bytes([0, 0, _IDX_CODES[dtype], values.ndim])
    return (
        header
        + struct.pack(f">{values.ndim}I", *values.shape)
        + values.astype(f">{dtype}").tobytes()
    )


def blank_digits(count):
    """Return pictures that differ and labels from 0 to 9."""
    pictures = np.arange(count * 784, dtype=np.int64).reshape(count, 28, 28) % 251
    return pictures.astype(np.uint8), (np.arange(count) % 10).astype(np.uint8)


@pytest.fixture(scope="session")
def write_idx():
    """Write one IDX file: ``write_idx(path, values, dtype="u1")``; gzip where it ends in .gz."""

    def write(path, values, dtype="u1"):
        content = idx_bytes(values, dtype)
        path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
        return path

    return write


@pytest.fixture(scope="session")
def write_folder(write_idx):
    """Write a small data set: ``write_folder(folder, names=MNIST's, train=60, test=20)``."""

    def write(folder, names=_MNIST_NAMES, train=60, test=20):
        folder.mkdir(exist_ok=True)
        for count, images_name, labels_name in ((train, *names[:2]), (test, *names[2:])):
            pictures, labels = blank_digits(count)
            write_idx(folder / images_name, pictures)
            write_idx(folder / labels_name, labels)
        return folder

    return write


@pytest.fixture(scope="session")
def digits():
    """600 of MNIST's digits to train with, 200 to validate, 200 to test."""
    data = load_dataset()
    return Dataset(
        data.train_images[:600],
        data.train_labels[:600],
        data.validation_images[:200],
        data.validation_labels[:200],
        data.test_images[:200],
        data.test_labels[:200],
        "600 digits",
        data.folder,
    )
