"""Count the content of the code, and find what is hard to read in it.

``python tools/content.py`` prints a table: for each package the nodes of its syntax trees (without
docstrings), lines of code, files, and nodes a line. ``python tools/content.py --check`` prints each
statement that assigns several values at once and each docstring in words that only its writer
understands, and fails if there is one.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "mnist_draw"
#: Two of these in the first sentence of a docstring make it a riddle.
RIDDLES = re.compile(
    r"\b(told|tells?|anew|so many|so much|at the most|beside|whatever|goes on|going on"
    r"|what (is|was|are|were|it|they))\b",
    re.IGNORECASE,
)
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
CONTEXTS = (ast.Load, ast.Store, ast.Del)


def docstrings(tree: ast.AST) -> Iterator[tuple[ast.Expr, str]]:
    """Yield the statement and the text of each docstring."""
    for node in ast.walk(tree):
        if not isinstance(node, DOCUMENTED) or not node.body:
            continue
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            text = first.value.value
            if isinstance(text, str):
                yield first, text


def is_crowded(node: ast.AST) -> bool:
    """Whether a statement assigns several values; a swap and the results of a call are one."""
    if not isinstance(node, ast.Assign):
        return False
    target, value = node.targets[0], node.value
    if not isinstance(target, ast.Tuple) or not isinstance(value, ast.Tuple):
        return False
    assigned = {ast.dump(one).replace("Store()", "Load()") for one in target.elts}
    return not assigned & {ast.dump(one) for one in value.elts}


def is_riddle(docstring: str) -> bool:
    return len(RIDDLES.findall(docstring.split("\n\n")[0])) > 1


def count(text: str) -> Counter[str]:
    """Count the nodes and the lines of code of a module."""
    tree = ast.parse(text)
    documented = [statement for statement, _ in docstrings(tree)]
    skipped = {id(node) for statement in documented for node in ast.walk(statement)}
    nodes = [
        node
        for node in ast.walk(tree)
        if id(node) not in skipped and not isinstance(node, CONTEXTS)
    ]
    prose = set()
    for statement in documented:
        prose.update(range(statement.lineno, (statement.end_lineno or 0) + 1))
    code = [
        line
        for number, line in enumerate(text.splitlines(), 1)
        if number not in prose and line.strip() and not line.strip().startswith("#")
    ]
    return Counter(nodes=len(nodes), code=len(code), files=1)


def package_of(path: Path) -> str:
    """Return the package of a file, the rooms of the window apart."""
    parts = path.relative_to(ROOT).parts
    return "/".join(parts[:2]) if parts[0] == "app" and len(parts) > 2 else parts[0]


def check(path: Path, text: str) -> list[str]:
    """Return a sentence for each place that is hard to read."""
    tree = ast.parse(text)
    place = path.relative_to(ROOT.parent)
    crowded = [
        f"{place}:{node.lineno}: assign one value a line"
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and is_crowded(node)
    ]
    riddles = [
        f"{place}:{statement.lineno}: say it with a verb and an object"
        for statement, docstring in docstrings(tree)
        if is_riddle(docstring)
    ]
    return crowded + riddles


def print_table(texts: dict[Path, str]) -> None:
    rows: dict[str, Counter[str]] = {}
    for path, text in texts.items():
        counted = count(text)
        for name in (package_of(path), "total"):
            rows.setdefault(name, Counter()).update(counted)
    print(f"{'':20}{'nodes':>10}{'code':>10}{'files':>8}{'nodes a line':>15}")
    for name, row in sorted(rows.items(), key=lambda item: -item[1]["nodes"]):
        density = row["nodes"] / max(1, row["code"])
        print(f"{name:20}{row['nodes']:10,}{row['code']:10,}{row['files']:8}{density:15.2f}")


def main(arguments: list[str]) -> int:
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(ROOT.rglob("*.py"))}
    if arguments != ["--check"]:
        print_table(texts)
        return 0
    found = [sentence for path, text in texts.items() for sentence in check(path, text)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
