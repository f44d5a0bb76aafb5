"""What ``mnist-draw doctor`` looks at: one entry each, from the interpreter to the display."""

from __future__ import annotations

import configparser
import contextlib
import hashlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from mnist_draw import __version__
from mnist_draw.cli.health.finding import Finding
from mnist_draw.errors import UserError
from mnist_draw.storage import check_writable, resource_path
from mnist_draw.storage.folders import cache_folder, config_folder, data_folder
from mnist_draw.storage.opening import MEGABYTE

#: Free space that a run and its network may need: the largest network's files, twice.
_ROOM = 200 * MEGABYTE
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
#: What needs a package of its own, and the package.
_OPTIONAL = (
    ("export to ONNX", "onnx"),
    ("events of TensorBoard", "tensorboardX"),
)
#: The file of checksums in each folder, as the tool ``sha256sum`` writes and checks it.
CHECKSUMS = "SHA256SUMS"


def _program() -> Iterator[Finding]:
    yield Finding("mnist_draw", f"{__version__} in {Path(__file__).resolve().parents[2]}")
    yield Finding("Python", f"{platform.python_version()} ({sys.executable})")
    yield Finding("system", f"{platform.platform()}, {platform.machine()}")


def _packages() -> Iterator[Finding]:
    found, missing = [], []
    for name in _required():
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    from mnist_draw.theano_bridge import installed_theano

    if installed_theano():
        # With the real Theano neither PyTensor nor what its native steps need is there.
        missing = [name for name in missing if name not in ("pytensor", "llvmlite", "numba")]
    yield Finding("packages", ", ".join(found))
    if missing:
        yield Finding(
            "packages",
            f"Not installed: {', '.join(missing)}. Install them with: {sys.executable} -m pip "
            f"install {' '.join(missing)}",
            "broken",
        )
    for what, name in _OPTIONAL:
        try:
            yield Finding(what, f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            advice = f"needs the package {name}: {sys.executable} -m pip install {name}"
            yield Finding(what, advice, "note")


def _required() -> list[str]:
    """Return the packages that the program needs, from what was installed or else its sources."""
    try:
        lines = metadata.requires("mnist_draw") or []
    except metadata.PackageNotFoundError:
        configuration = configparser.ConfigParser()
        configuration.read(Path(__file__).parents[3] / "setup.cfg", encoding="utf-8")
        lines = configuration.get("options", "install_requires", fallback="").split()
    names = (re.match(r"[\w.-]+", line) for line in lines if "extra ==" not in line)
    return [name.group() for name in names if name]


def _engine() -> Iterator[Finding]:
    from mnist_draw.theano_bridge import engine

    try:
        from mnist_draw.dataset.mnist import load_dataset, scale
        from mnist_draw.recognition.network_library import default_model
        from mnist_draw.recognition.recogniser import Recogniser

        data = load_dataset()
        pictures, labels = scale(data.test_images[:100]), data.test_labels[:100]
        right = int((Recogniser(default_model()).predict(pictures).argmax(1) == labels).sum())
    except UserError as error:
        yield Finding("engine", f"{engine()} reads no digits. {error}", "broken")
        return
    except Exception as error:  # whatever a broken installation raises is the finding
        words = f"{type(error).__name__}: {error}"
        advice = "Install the program anew in a new virtual environment."
        yield Finding("engine", f"{engine()} does not work ({words}). {advice}", "broken")
        return
    text = f"{engine()}: the network that ships reads {right} of 100 test digits rightly"
    yield Finding("engine", text, "ok" if right >= 95 else "broken")


def _threads() -> Iterator[Finding]:
    # Imported for the BLAS that it brings.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    usable = getattr(os, "sched_getaffinity", None)
    cores = len(usable(0)) if usable else os.cpu_count() or 1
    chosen = [f"{name}={os.environ[name]}" for name in _THREADS if name in os.environ]
    words = f", {', '.join(chosen)} in the environment" if chosen else ""
    yield Finding("threads", f"{cores} processor cores can be used{words}")
    for pool in threadpool_info():
        if pool.get("user_api") == "blas":
            kind = " ".join(filter(None, (pool["internal_api"], pool.get("version"))))
            yield Finding("BLAS", f"{kind} ({Path(pool['filepath']).name})")


def _folders() -> Iterator[Finding]:
    kinds: dict[str, Callable[[], Path]] = {
        "settings": config_folder,
        "own files": data_folder,
        "cache": cache_folder,
    }
    for kind, find in kinds.items():
        try:
            folder = find()
            check_writable(folder / "doctor")
            size, files = _size(folder)
            free = shutil.disk_usage(folder).free
        except UserError as error:
            yield Finding(kind, str(error), "broken")
            continue
        except OSError as error:
            yield Finding(kind, f"{folder} cannot be looked at: {error}", "broken")
            continue
        text = f"{folder}: {size / 1e6:,.1f} MB in {files:,} files, {free / 1e9:,.1f} GB free"
        if free < _ROOM:
            text += f". Less than {_ROOM // MEGABYTE} MB are free: make room before you train."
        yield Finding(kind, text, "ok" if free >= _ROOM else "broken")
    with contextlib.suppress(UserError, OSError):
        mistake = data_folder() / "last-mistake.txt"
        if mistake.exists():
            yield Finding("mistakes", f"The last mistake of the program is in {mistake}", "note")


def _kept_files() -> Iterator[Finding]:
    # Of a broken installation nothing may be there that reads them.
    try:
        from mnist_draw.cli.health.kept_files import kept_files
    except ImportError as error:
        yield Finding("own files", f"They cannot be read: {error}", "broken")
        return
    yield from kept_files()


def _size(folder: Path) -> tuple[int, int]:
    """Return the bytes and the number of the files below a folder."""
    size = files = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += (Path(parent) / name).stat().st_size
                files += 1
    return size, files


def _window() -> Iterator[Finding]:
    from mnist_draw.app.shell.platform_check import platforms, startup_problem

    for name in ("PyQt5", "PyQt5-Qt5"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield Finding(name, metadata.version(name))
    yield Finding("Qt's platforms", ", ".join(platforms()) or "those of the system's own PyQt5")
    wanted = [
        f"{name}={os.environ[name]}"
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
        if os.environ.get(name)
    ]
    reason = startup_problem()
    if reason is None:
        yield Finding("display", ", ".join(wanted) or "a window can open")
    else:
        # Without any display nothing is broken: the computer has none, or it is not lent.
        yield Finding("display", " ".join(reason.split()), "broken" if wanted else "note")


def _checksums() -> Iterator[Finding]:
    for kind, folder in (("MNIST", "mnist"), ("networks", "models")):
        try:
            listed = resource_path(folder, CHECKSUMS).read_text("ascii").splitlines()
            expected = {name: digest for digest, name in (line.split() for line in listed)}
            wrong = [
                name
                for name, digest in expected.items()
                if not resource_path(folder, name).is_file()
                or hashlib.sha256(resource_path(folder, name).read_bytes()).hexdigest() != digest
            ]
        except (OSError, ValueError) as error:
            yield Finding(kind, f"The checksums cannot be read: {error}", "broken")
            continue
        if wrong:
            yield Finding(
                kind,
                f"Missing or changed: {', '.join(wrong)} in {resource_path(folder)}. Install the "
                "program anew.",
                "broken",
            )
        else:
            yield Finding(kind, f"{len(expected)} files are as they were shipped")


#: Everything that is looked at, in this order; each entry may find several things.
CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _program,
    _packages,
    _engine,
    _threads,
    _folders,
    _kept_files,
    _checksums,
    _window,
)
