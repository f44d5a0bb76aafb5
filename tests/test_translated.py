"""A change of the language reaches each text of each module."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: Starts in one language, changes to another, and prints all texts that modules hold.
_ALL_TEXTS = """
import importlib, json, pkgutil, sys
from functools import partial
from types import FunctionType, MappingProxyType
from mnist_draw import i18n
i18n.use(sys.argv[1])
import mnist_draw
for module in pkgutil.walk_packages(mnist_draw.__path__, "mnist_draw."):
    if not module.name.startswith("mnist_draw.theano_bridge") and "__main__" not in module.name:
        try:
            importlib.import_module(module.name)
        except Exception:  # what it needs is not installed
            pass
from mnist_draw.analysis.guide import guide
from mnist_draw.app.shell.help import all_words
# What is remembered until the language changes, too.
remembered = {"guide": guide, "words": all_words}
for made in remembered.values():
    made()
i18n.use(sys.argv[2])
texts, known = {}, {}
def walk(path, value):
    if isinstance(value, str):
        texts[path] = value
        return
    if id(value) in known:
        return
    known[id(value)] = value
    parts = {}
    if isinstance(value, dict | MappingProxyType):
        keys = [key for key in value if isinstance(key, str)]
        parts = dict(enumerate([*keys, *value.values()]))
    elif isinstance(value, list | tuple):
        parts = dict(enumerate(value))
    elif isinstance(value, partial):
        parts = {"arguments": value.args, "named": value.keywords}
    elif isinstance(value, FunctionType) and value.__module__.startswith("mnist_draw"):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        parts = {"defaults": value.__defaults__, "cells": cells}
    elif isinstance(value, type) and value.__module__.startswith("mnist_draw"):
        parts = {name: part for name, part in vars(value).items() if name[:2] != "__"}
        parts["fields"] = list(vars(value).get("__dataclass_fields__", {}).values())
    elif type(value).__name__ == "Field":
        parts = {"metadata": value.metadata}
    elif type(value).__module__.startswith("mnist_draw"):
        parts = getattr(value, "__dict__", {})
    for name, part in parts.items():
        walk(f"{path}.{name}", part)
for name, module in sorted(sys.modules.items()):
    if name.startswith("mnist_draw") and "theano_bridge" not in name:
        for key, part in vars(module).items():
            if key[:2] != "__" and key not in ("_translations", "_code"):
                walk(f"{name}.{key}", part)
for name, made in remembered.items():
    walk(name, made())
print(json.dumps(texts))
"""


def _texts(first: str, then: str) -> dict[str, str]:
    command = [sys.executable, "-c", _ALL_TEXTS, first, then]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.process
@pytest.mark.slow
def test_a_program_that_changes_its_language_says_all_as_one_that_began_with_it() -> None:
    begun = _texts("fr", "fr")
    changed = _texts("en", "fr")
    assert len(begun) > 2_000
    old = {key: changed.get(key) for key, text in begun.items() if text != changed.get(key)}
    assert old == {}
    # French is another language.
    english = _texts("en", "en")
    assert sum(text != english.get(key) for key, text in begun.items()) > 500
