"""The import hook that makes ``import theano`` work with and without Theano.

Two finders stand in ``sys.meta_path``:

* :class:`NamesFinder`, at the end. What is really installed has been found before it is
  asked, so a real Theano wins without a question. Where there is none, it serves
  ``theano`` from the folder ``pytensor_names`` and from the table of
  `mnist_draw.theano_bridge.aliases`; beside a real Theano it serves the one module that
  Lasagne 0.1 wants and Theano 1.0.5 no longer has, ``theano.tensor.signal.downsample``.
* :class:`PreparingFinder`, at the front. It finds nothing itself: it lets the others
  find ``theano`` and ``lasagne`` and puts what must be true *before* they run (flags,
  cache folder, a stand-in for ``pkg_resources``) in front of their execution. Behind that of
  PyTensor's package for Numba it puts what there is to tell Numba.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from importlib.abc import Loader, MetaPathFinder
from pathlib import Path
from types import ModuleType

from mnist_draw.theano_bridge import (
    aliases,
    compile_lock,
    environment,
    lasagne_import,
    missing,
    numba_fallback,
)

NAMES_FOLDER = Path(__file__).with_name("pytensor_names")


def installed_theano() -> bool:
    """Whether a real Theano is installed (looked up on the disk, not imported)."""
    spec = importlib.machinery.PathFinder.find_spec("theano")
    # A left-over folder without __init__.py would be found as a namespace: no origin.
    return spec is not None and spec.origin is not None


def served_by_bridge(module: ModuleType) -> bool:
    """Whether `module` is one of the files below ``pytensor_names``."""
    return str(getattr(module, "__file__", "")).startswith(str(NAMES_FOLDER))


class NamesFinder(MetaPathFinder):
    """Serves ``theano`` and its submodules where nothing else has them."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname == "theano":
            return _spec_of_bridge()
        if not fullname.startswith("theano."):
            return None
        if fullname == "theano.tensor.signal.downsample":
            # Beside the real Theano; under the bridge's own ``theano`` the ordinary
            # path finder has found this file already.
            name = NAMES_FOLDER / "theano" / "tensor" / "signal" / "downsample.py"
            return _spec_of_file(fullname, name)
        if not served_by_bridge(sys.modules["theano"]):
            return None
        return aliases.spec_of(fullname) or missing.raise_import_error(fullname)


class PreparingFinder(MetaPathFinder):
    """Runs the import of ``theano`` and ``lasagne`` inside a prepared surrounding."""

    surroundings: dict[str, Callable[[], AbstractContextManager[None]]]

    def __init__(self) -> None:
        self.surroundings = {
            "theano": _prepare_theano,
            "lasagne": lasagne_import.surroundings,
            numba_fallback.DISPATCH: numba_fallback.surroundings,
        }
        self._busy: set[str] = set()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self.surroundings or fullname in self._busy:
            return None
        self._busy.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._busy.discard(fullname)
        if fullname == "theano" and spec is not None and spec.origin is None:
            # A folder of that name beside the script, which Python takes for a namespace.
            spec = _spec_of_bridge()
        if spec is not None and spec.loader is not None:
            spec.loader = PreparedLoader(spec.loader, self.surroundings[fullname])
        return spec


class PreparedLoader(Loader):
    """Executes a module through its own loader, inside a context manager."""

    def __init__(
        self, loader: Loader, surroundings: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._loader = loader
        self._surroundings = surroundings

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # From here on the module carries its own loader, so that whoever asks it
        # (inspect, pkgutil, importlib.resources) sees nothing unusual.
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        with self._surroundings():
            self._loader.exec_module(module)


@contextlib.contextmanager
def _prepare_theano() -> Iterator[None]:
    hook = sys.excepthook
    surroundings = environment.real_theano() if installed_theano() else environment.pytensor()
    with surroundings:
        try:
            yield
            if installed_theano():
                theano = sys.modules["theano"]
                theano.function = compile_lock.one_at_a_time(theano.function)  # type: ignore[attr-defined]
        finally:
            # Both engines install a hook of their own, which only prints to a terminal.
            sys.excepthook = hook


def _spec_of_bridge() -> importlib.machinery.ModuleSpec | None:
    return _spec_of_file("theano", NAMES_FOLDER / "theano" / "__init__.py")


def _spec_of_file(fullname: str, file: Path) -> importlib.machinery.ModuleSpec | None:
    folder = [str(file.parent)] if file.name == "__init__.py" else None
    return importlib.util.spec_from_file_location(fullname, file, submodule_search_locations=folder)


def install() -> None:
    """Make ``import theano`` and ``import lasagne`` work in this process.

    Calling it again does nothing. Neither Theano nor PyTensor is imported.
    """
    if not any(isinstance(finder, PreparingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, PreparingFinder())
    if not any(isinstance(finder, NamesFinder) for finder in sys.meta_path):
        sys.meta_path.append(NamesFinder())
