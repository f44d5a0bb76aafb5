"""Whoever opens a room of the window reads what each of its modules is for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mnist_draw.app

ROOT = Path(mnist_draw.app.__file__).parent
#: The tab "Inside" names its modules by the section that they belong to.
ROOMS = [
    ROOT,
    *sorted(path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name != "inside"),
]
#: A line of names, bare or in double backquotes, above the line that says what they are for.
ENTRY = re.compile(r"^((?:`{0,2}\w+`{0,2}(?:, )?)+)\n    \w", re.MULTILINE)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT.parent)))
def test_every_module_is_named_once_with_its_job(room: Path) -> None:
    head = (room / "__init__.py").read_text(encoding="utf-8").split('"""')[1]
    named = [name for line in ENTRY.findall(head) for name in re.findall(r"\w+", line)]
    modules = {path.stem for path in room.glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in room.glob("*/__init__.py")}
    assert sorted(named) == sorted(modules)
