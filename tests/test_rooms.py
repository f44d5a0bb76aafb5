"""Every package tells in its docstring what lies in it: each module once, none missing."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "mnist_draw"
#: Theano's own names, served as a tree of modules: what maps to what stands in each of them.
NOT_OURS = ROOT / "theano_bridge" / "pytensor_names"
PACKAGES = [
    path.parent for path in sorted(ROOT.rglob("__init__.py")) if NOT_OURS not in path.parents
]
#: More modules than this in one folder are a drawer, not a room.
MOST_MODULES = 16


def modules_of(package: Path) -> set[str]:
    modules = {path.stem for path in package.glob("*.py")}
    packages = {path.parent.name for path in package.glob("*/__init__.py")}
    return (modules | packages) - {"__init__", "__main__"} - {NOT_OURS.name}


def named_in(docstring: str) -> list[str]:
    """Return the modules that a docstring's table names: rows of a table, or definitions."""
    names: list[str] = []
    for line, following in pairwise([*docstring.splitlines(), ""]):
        row = re.match(r"(?:``|:mod:`~?\.?)(\w+)/?`+(?:\s|$)", line)
        if row:
            names.append(row.group(1))
        elif re.fullmatch(r"(?:`{0,2}\w+/?`{0,2}(?:, )?)+", line) and following.startswith("    "):
            names += re.findall(r"\w+", line)
    return names


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT.parent)))
def test_the_docstring_names_each_module_once(package: Path) -> None:
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    named = named_in(ast.get_docstring(tree) or "")
    assert sorted(set(named) - {NOT_OURS.name}) == sorted(modules_of(package))
    assert len(named) == len(set(named))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT.parent)))
def test_no_folder_is_a_drawer(package: Path) -> None:
    assert len(list(package.glob("[!_]*.py"))) <= MOST_MODULES
