"""Flags and folders of Theano and PyTensor at their first import.

Both read an environment variable while they are imported (``THEANO_FLAGS``, ``PYTENSOR_FLAGS``) and
never again. Only what the user has not set is added, and the variable gets its old value back:
child processes inherit the user's settings.
"""

from __future__ import annotations

import atexit
import configparser
import contextlib
import logging
import os
import shlex
import shutil
import warnings
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path

from mnist_draw.errors import UserError, reason_of

_logger = logging.getLogger("mnist_draw.theano_bridge")

NO_COMPILER = (
    "Theano is installed, but no C++ compiler (g++) was found, so every network runs in"
    " plain Python and training takes very long. Install g++ (Debian and Ubuntu:"
    " apt install g++), or uninstall Theano: PyTensor then takes over, which needs no"
    " compiler."
)


def cache_folder() -> Path:
    """Return ``compiled`` below ``$MNIST_DRAW_HOME/cache`` or below the user's cache."""
    home = os.environ.get("MNIST_DRAW_HOME")
    if home:
        with contextlib.suppress(RuntimeError):  # no user of the name behind the ~
            home = str(Path(home).expanduser())
        with contextlib.suppress(FileNotFoundError):  # the working folder is gone
            home = str(Path(home).absolute())
        return Path(home) / "cache" / "compiled"
    import platformdirs

    return Path(platformdirs.user_cache_dir("mnist_draw", appauthor=False)) / "compiled"


def usable_folder(wanted: Path) -> Path:
    """Return a folder that PyTensor can write to, without which it cannot be imported.

    PyTensor imports modules and unpickles files from it, so only this program may have filled it.
    """
    import tempfile

    from mnist_draw.storage.folders import private_folder

    try:
        private = private_folder(wanted)
        if private is not None:
            with tempfile.TemporaryFile(dir=private):
                return private
        reason = "it cannot be written, or not by this user alone"
    except (OSError, ValueError) as error:
        reason = reason_of(error)
    _logger.info("Nothing compiled is kept in %s: %s", wanted, reason)
    try:
        folder = tempfile.mkdtemp(prefix="mnist_draw-compiled-")
    except OSError as error:
        raise UserError(
            f"Neither {wanted} nor any temporary folder can be written ({reason}). Set the "
            "environment variable MNIST_DRAW_HOME or TMPDIR to a folder that can.",
        ) from error
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def parse_flags(text: str) -> dict[str, str]:
    """Split a ``name=value,name=value`` flags variable as Theano does."""
    pairs = (item.partition("=") for item in text.split(",") if item.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


@contextmanager
def pytensor() -> Iterator[None]:
    """Surroundings of the first import of PyTensor: float32, Numba, our cache folder."""
    # Apple's BLAS listens to nothing else: the program cuts matrix products among threads of its
    # own, and two pools on the same cores fight.
    os.environ.setdefault("VECLIB_MAXIMUM_THREADS", "1")
    defaults = {"floatX": "float32", "cxx": ""}
    chosen = _chosen_in_files("PYTENSORRC", "~/.pytensorrc").keys()
    if not chosen & {"base_compiledir", "compiledir"}:
        told = parse_flags(os.environ.get("PYTENSOR_FLAGS", "")).keys()
        if not told & {"base_compiledir", "compiledir"}:
            defaults["base_compiledir"] = str(usable_folder(cache_folder()))
    with _added_flags("PYTENSOR_FLAGS", defaults, chosen):
        yield


@contextmanager
def real_theano() -> Iterator[None]:
    """Surroundings of the first import of a real Theano 1.0.5."""
    defaults = {"floatX": "float32", "blas.ldflags": ""}
    chosen = _chosen_in_files("THEANORC", "~/.theanorc").keys()
    told = parse_flags(os.environ.get("THEANO_FLAGS", "")).keys() | chosen
    if "cxx" not in told and not (shutil.which("g++") or shutil.which("clang++")):
        _logger.warning(NO_COMPILER)
        # Said in words above; Theano's own message would come on top.
        defaults["cxx"] = ""
    blas_log = logging.getLogger("theano.tensor.blas")
    level = blas_log.level
    with _added_flags("THEANO_FLAGS", defaults, chosen), warnings.catch_warnings():
        # Theano 1.0.5 is older than its Python: its import raises deprecation and syntax
        # warnings. With blas.ldflags empty it also logs that it uses NumPy's BLAS, as wanted.
        for category in (DeprecationWarning, SyntaxWarning, FutureWarning, UserWarning):
            warnings.simplefilter("ignore", category)
        blas_log.setLevel(logging.ERROR)
        try:
            yield
        finally:
            blas_log.setLevel(level)


@contextmanager
def _added_flags(variable: str, defaults: Mapping[str, str], chosen: Set[str]) -> Iterator[None]:
    before = os.environ.get(variable)
    given = parse_flags(before or "").keys() | chosen
    # Both engines read their flags with `shlex`: apostrophes, commas, # and backslashes count.
    added = [
        f"{name}={shlex.quote(value)}" for name, value in defaults.items() if name not in given
    ]
    os.environ[variable] = ",".join([*([before] if before else []), *added])
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(variable, None)
        else:
            os.environ[variable] = before


def theanos_flags() -> dict[str, str]:
    """Return what the user has told Theano in files and, which counts more, ``THEANO_FLAGS``."""
    chosen = _chosen_in_files("THEANORC", "~/.theanorc")
    return chosen | parse_flags(os.environ.get("THEANO_FLAGS", ""))


def _chosen_in_files(variable: str, default: str) -> dict[str, str]:
    """Settings in the user's configuration files (``section.name`` outside global)."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    files = os.environ.get(variable, default).split(os.pathsep)
    try:
        parser.read([Path(name).expanduser() for name in files])
    except (configparser.Error, OSError, RuntimeError, ValueError):
        # The engine reads the same file in a moment and words its own complaint.
        return {}
    return {
        option if section == "global" else f"{section}.{option}": value
        for section in parser.sections()
        for option, value in parser.items(section)
    }
