"""Lets the unmodified Lasagne 0.1 be imported, without a warning and without setuptools.

``lasagne/__init__.py`` asks ``pkg_resources`` for its own version number. That module of
setuptools is deprecated (its import warns), gone since setuptools 82, and slow to
import. Only while Lasagne is imported, and only where ``pkg_resources`` has not been
imported before, a stand-in answers that one question from :mod:`importlib.metadata`.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, metadata
from types import ModuleType
from typing import Any


class VersionOnly(ModuleType):
    """``pkg_resources`` as far as Lasagne 0.1 needs it: ``get_distribution(name).version``.

    Any other name is looked up in the real ``pkg_resources``: another thread may import
    it in the very moment in which the stand-in is there.
    """

    def get_distribution(self, name: str) -> metadata.Distribution:
        return metadata.distribution(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get("pkg_resources") is self:
            del sys.modules["pkg_resources"]
        return getattr(import_module("pkg_resources"), name)


@contextmanager
def surroundings() -> Iterator[None]:
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
    finally:
        if sys.modules.get("pkg_resources") is stand_in:
            del sys.modules["pkg_resources"]
