"""Find the files that ship with the program."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def resource_path(*names: str) -> Path:
    """Return where a shipped file or folder lies.

    The folder ``resources`` is installed as the package ``mnist_draw.resources``. Without an
    installation (the program run from a bare clone) it is the folder beside the package.
    """
    for name in names:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError(f"resource names stay inside resources, got {name!r}")
    return _resources().joinpath(*names)


def _resources() -> Path:
    # Found, not imported: nothing of the package has to run to learn where it lies.
    specification = importlib.util.find_spec("mnist_draw.resources")
    if specification is not None and specification.submodule_search_locations:
        for location in specification.submodule_search_locations:
            if Path(location).is_dir():
                return Path(location)
    return Path(__file__).resolve().parents[2] / "resources"
