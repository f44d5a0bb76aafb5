"""The pages and the reference of mnist_draw: ``python -m sphinx docs build/docs``."""

import ast
import os
from pathlib import Path

from sphinx.application import Sphinx

import mnist_draw
from mnist_draw.theano_bridge import lasagne_names, names

# The window's modules are imported to be read, on computers without a display too.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

project = "mnist_draw"
author = "The authors of mnist_draw"
release = version = mnist_draw.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"description": "Draw a digit, train the network that reads it"}
autodoc_member_order = "bysource"
autodoc_typehints = "none"
default_role = "py:obj"
numpydoc_show_class_members = False
# Names in docstrings without a target are plain text.
nitpicky = False

_DOCS = Path(__file__).parent
_PACKAGE = _DOCS.parent / "mnist_draw"


def _first_line(path: Path) -> str:
    """Read the first line of a module's docstring without importing it."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def write_map() -> None:
    """Write ``map.md``: each package with its modules and their first lines."""
    lines = ["# Map", "", "Every module with the first line of its docstring.", ""]
    for start in sorted(_PACKAGE.rglob("__init__.py")):
        if "pytensor_names" in start.parts:  # Theano's own names
            continue
        package = start.parent
        lines += [
            f"## {package.relative_to(_PACKAGE.parent).as_posix()}",
            "",
            _first_line(start),
            "",
        ]
        modules = [path for path in sorted(package.glob("*.py")) if path != start]
        lines += [f"- `{path.stem}`: {_first_line(path)}" for path in modules]
        lines.append("")
    (_DOCS / "map.md").write_text("\n".join(lines), encoding="utf-8")


write_map()


def _tables_of_names() -> str:
    """Return what the bridge has instead of names, and what it adds to Lasagne."""
    lines = ["| not there | instead |", "|---|---|"]
    lines += [f"| `{name}` | {instead} |" for name, instead in sorted(names.INSTEAD.items())]
    layers = {f"layers.{module}": found for module, found in lasagne_names.LAYERS.items()}
    added = {**layers, **lasagne_names.FUNCTIONS}
    lines += ["", "| module of Lasagne 0.1 | what it gets of 0.2 |", "|---|---|"]
    lines += [f"| `{module}` | {', '.join(f'`{name}`' for name in found)} |"
              for module, found in added.items()]  # fmt: skip
    return "\n".join(lines) + "\n"


def setup(app: Sphinx) -> None:
    """Put the tables into their page, which is read without them on a forge."""

    def fill(_: Sphinx, page: str, source: list[str]) -> None:
        source[0] = source[0].replace("<!-- tables of names -->", _tables_of_names())

    app.connect("source-read", fill)
