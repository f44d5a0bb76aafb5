"""The import hook that makes ``import theano`` work with and without Theano (see ``README.md``)."""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module, metadata
from importlib.abc import Loader, MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from mnist_draw.theano_bridge import environment, names, pytensor_hooks

NAMES_FOLDER = Path(__file__).with_name("pytensor_names")
#: Modules of Lasagne that need a graphics card, and the file that answers for them.
CARDS = ("lasagne.layers.corrmm", "lasagne.layers.cuda_convnet", "lasagne.layers.dnn")
WITHOUT_CARD = Path(__file__).with_name("lasagne_names") / "dnn.py"
UNUSED_THEANO = (
    "The installed Theano is not used, as it does not run on NumPy 1.24 or later: PyTensor does."
)
#: Those of Python 3.11 on which Theano 1.0.5 runs.
OLD_NUMPY = "1.23."
DOWNSAMPLE = "theano.tensor.signal.downsample"


def found_theano() -> bool:
    """Whether a real Theano lies on the disk, of use or not (it is not imported)."""
    spec = importlib.machinery.PathFinder.find_spec("theano")
    # A left-over folder without __init__.py would be found as a namespace: no origin.
    return spec is not None and spec.origin is not None


def installed_theano() -> bool:
    """Whether a real Theano is installed that runs: Theano 1.0.5 stops at NumPy 1.24."""
    return found_theano() and metadata.version("numpy").startswith(OLD_NUMPY)


class NamesFinder(MetaPathFinder):
    """Serves ``theano`` and its submodules where nothing else has them."""

    def find_spec(self, fullname: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] != "theano":
            return None
        # Beside the real Theano the bridge serves only what Lasagne wants and Theano lost.
        file = str(getattr(sys.modules.get("theano"), "__file__", ""))
        if fullname not in ("theano", DOWNSAMPLE) and not file.startswith(str(NAMES_FOLDER)):
            return None
        if spec := _spec_of_file(fullname):
            return spec
        if fullname not in names.HOMES:
            # Without ``name=``: for ``from theano.sandbox import cuda`` Python would otherwise
            # replace the sentence by its own "cannot import name".
            raise ModuleNotFoundError(names.sentence(fullname))
        # A package without a folder: this finder then handles the import of a submodule.
        return importlib.util.spec_from_loader(fullname, names.AliasLoader(), is_package=True)


class PreparingFinder(MetaPathFinder):
    """Runs the import of ``theano`` and ``lasagne`` inside a prepared surrounding."""

    surroundings: dict[str, Callable[[], AbstractContextManager[None]]]

    def __init__(self) -> None:
        self.surroundings = {
            "theano": _prepare_theano,
            "lasagne": prepare_lasagne,
            pytensor_hooks.NUMBA_FILES: pytensor_hooks.prepare_numba,
        }
        self._busy: set[str] = set()

    def find_spec(self, fullname: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        if fullname in CARDS and not installed_theano():
            return importlib.util.spec_from_file_location(fullname, WITHOUT_CARD)
        if fullname not in self.surroundings or fullname in self._busy:
            return None
        self._busy.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._busy.discard(fullname)
        if fullname == "theano" and not installed_theano():
            if found_theano():
                names.tell_once(UNUSED_THEANO)
            # Nor is it a folder of that name beside the script, which Python takes for a namespace.
            spec = _spec_of_file(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = PreparedLoader(spec.loader, self.surroundings[fullname])
        return spec


class PreparedLoader(Loader):
    """Executes a module through its own loader, inside a context manager."""

    def __init__(
        self,
        loader: Loader,
        surroundings: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._loader = loader
        self._surroundings = surroundings

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # The module gets its own loader back: inspect, pkgutil and importlib.resources use it.
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
                from mnist_draw.theano_bridge.modes import one_at_a_time

                theano = sys.modules["theano"]
                theano.function = one_at_a_time(theano.function)  # type: ignore[attr-defined]
        finally:
            # Both engines install a hook of their own, which only prints to a terminal.
            sys.excepthook = hook


def _spec_of_file(fullname: str) -> importlib.machinery.ModuleSpec | None:
    """Find a file of the bridge, as a package without a folder."""
    if fullname not in names.FILES:
        return None
    file = NAMES_FOLDER / f"{fullname.removeprefix('theano.').replace('.', '_')}.py"
    loader = names.FileLoader(fullname, str(file))
    spec = importlib.util.spec_from_file_location(fullname, file, loader=loader)
    if spec is not None:
        # Its submodules are found by `NamesFinder`, not in a folder.
        spec.submodule_search_locations = []
    return spec


def install() -> None:
    """Make ``import theano`` and ``import lasagne`` work in this process.

    Calling it again does nothing. Neither Theano nor PyTensor is imported.
    """
    if not any(isinstance(finder, PreparingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, PreparingFinder())
    if not any(isinstance(finder, NamesFinder) for finder in sys.meta_path):
        sys.meta_path.append(NamesFinder())


class VersionOnly(ModuleType):
    """``pkg_resources`` as far as Lasagne 0.1 needs it; the real one for what other threads ask."""

    def get_distribution(self, name: str) -> metadata.Distribution:
        return metadata.distribution(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get("pkg_resources") is self:
            del sys.modules["pkg_resources"]
        return getattr(import_module("pkg_resources"), name)


@contextmanager
def prepare_lasagne() -> Iterator[None]:
    """Surroundings of the import of Lasagne."""
    stand_in = VersionOnly("pkg_resources", VersionOnly.__doc__)
    sys.modules.setdefault("pkg_resources", stand_in)
    try:
        with warnings.catch_warnings():
            # Invalid escape sequences in docstrings of 2015, reported by Python 3.12
            # and later whenever the sources are compiled.
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
            lasagne = sys.modules["lasagne"]
            if lasagne.__version__ == "0.1" and not installed_theano():
                from mnist_draw.theano_bridge.lasagne_names import extend

                extend(lasagne)
    finally:
        if sys.modules.get("pkg_resources") is stand_in:
            del sys.modules["pkg_resources"]
