"""Extract, merge, check and compile the catalogues of translations.

python tools/translations.py update         # merge the program's messages into all catalogues
python tools/translations.py update pt      # begin a language, which i18n.LANGUAGES must name
python tools/translations.py check          # what is missing, doubtful or does not fit
python tools/translations.py compile        # what an installation does
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mnist_draw"
DOMAIN = "mnist_draw"
LOCALES = PACKAGE / "locales"
MARKS = {"_", "counted", "pgettext"}
_ERROR = re.compile(r"^class (\w+)\((\w+)[,)]", re.MULTILINE)
#: Spaces at the ends, and ends of lines.
_SPACES = re.compile(r"^ +| +$|\n")
_FIELD = re.compile(r"\{(\w+)(?:!r)?\}")


def program_messages() -> Catalog:
    """Collect the messages of the code, of the words and of the guide."""
    sys.path.insert(0, str(ROOT))
    from mnist_draw.analysis.guide import guide_messages

    catalog = Catalog(domain=DOMAIN)
    paths = sorted(PACKAGE.rglob("*.py"))
    errors = _errors(paths)
    for path in paths:
        if "theano_bridge" not in path.parts:  # its errors are Theano's
            place = path.relative_to(ROOT).as_posix()
            for found, context, comments in _marked(path.read_text("utf-8"), errors):
                catalog.add(found, None, [(place, None)], (), comments, context=context)
    for path in sorted((ROOT / "resources" / "words").glob("*.json")):
        place = path.relative_to(ROOT).as_posix()
        for word in json.loads(path.read_text("utf-8")):
            for field in word.keys() & {"name", "asked", "sentences"}:
                context = "What is it?" if field == "asked" else None
                catalog.add(word[field], locations=[(place, None)], context=context)
    for message in guide_messages():
        catalog.add(message, locations=[("mnist_draw/analysis/guide", None)])
    return catalog


def _marked(source: str, errors: set[str]) -> Iterator[tuple[Any, str | None, list[str]]]:
    """Yield each message with its context and the comments above it that begin with Translators."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if name not in errors | MARKS:
            continue
        texts = [part.value for part in node.args if isinstance(part, ast.Constant)]
        first = node.lineno - 1
        while first and lines[first - 1].strip().startswith("#"):
            first -= 1
        above = " ".join(line.strip("# ") for line in lines[first : node.lineno - 1])
        comments = [above.partition("Translators:")[2].strip()] if "Translators:" in above else []
        if name == "counted":
            yield tuple(texts[:2]), None, comments
        elif name == "pgettext" and len(texts) > 1:
            yield texts[1], texts[0], comments
        # A sign alone is no message: what joins the sentences of an error.
        elif texts and isinstance(node.args[0], ast.Constant) and re.search(r"\w", texts[0]):
            yield texts[0], None, comments


def _errors(paths: list[Path]) -> set[str]:
    """Return the names of `UserError` and its kinds, which translate their first argument."""
    bases = dict(pair for path in paths for pair in _ERROR.findall(path.read_text("utf-8")))
    found, before = {"UserError"}, set()
    while found != before:
        before = found
        found = found | {name for name, base in bases.items() if base in found}
    # It says what needs the package, in a sentence of its own.
    return found - {"MissingPackageError"}


def catalogues() -> dict[str, Path]:
    """Return the files of all languages, by code."""
    return {path.parts[-3]: path for path in sorted(LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))}


def read(code: str, path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=code, domain=DOMAIN)


def update(code: str, path: Path) -> None:
    """Merge the program's messages; what has changed is marked as fuzzy."""
    catalog = read(code, path) if path.exists() else Catalog(code, DOMAIN, fuzzy=False)
    catalog.project = "mnist_draw"
    catalog.update(program_messages())
    path.parent.mkdir(parents=True, exist_ok=True)
    catalog.header_comment = f"# mnist_draw in {catalog.locale.english_name}."
    with path.open("wb") as file:
        write_po(
            file, catalog, width=100, ignore_obsolete=True, sort_by_file=True, omit_header=False
        )


def problems(code: str, catalog: Catalog, wanted: Catalog) -> Iterator[str]:
    """Yield a line for each message that is missing, superfluous, doubtful, or has other fields."""
    for message in wanted:
        found = catalog.get(message.id, message.context)
        if message.id and found is None:
            yield f"{code}: not in the catalogue: {message.id!r}"
    for message in catalog:
        if not message.id:
            continue
        if wanted.get(message.id, message.context) is None:
            yield f"{code}: no longer in the program: {message.id!r}"
        yield from (f"{code}: {fault}: {message.id!r}" for fault in _faults(message, catalog))


def _faults(message: Message, catalog: Catalog) -> Iterator[str]:
    forms = list(message.string) if message.pluralizable else [message.string]
    if message.fuzzy:
        yield "to be looked at again, marked fuzzy"
    if len(forms) != (catalog.num_plurals if message.pluralizable else 1) or not all(forms):
        yield "not translated"
        return
    ids = message.id if message.pluralizable else (message.id,)
    # "One picture" may leave its number away.
    fitting = [set(_FIELD.findall(each)) - extra for each in ids for extra in (set(), {"count"})]
    for form in forms:
        if set(_FIELD.findall(form)) not in (fitting if message.pluralizable else fitting[:1]):
            yield f"other fields in {form!r}"
        # A comma alone brings its own spaces.
        if _SPACES.findall(form) != _SPACES.findall(ids[-1]) and re.search(r"\w", form):
            yield f"other spaces or lines in {form!r}"


def compile_all(folder: Path = LOCALES) -> None:
    """Write the compiled catalogues that `gettext` reads."""
    for code, path in catalogues().items():
        compiled = folder / code / "LC_MESSAGES" / f"{DOMAIN}.mo"
        compiled.parent.mkdir(parents=True, exist_ok=True)
        with compiled.open("wb") as file:
            write_mo(file, read(code, path))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("update", "check", "compile"))
    parser.add_argument("code", nargs="?", help="one language; else all")
    given = parser.parse_args()
    files = catalogues()
    if given.code:
        files = {given.code: LOCALES / given.code / "LC_MESSAGES" / f"{DOMAIN}.po"}
    if given.command == "compile":
        compile_all()
    elif given.command == "update":
        for code, path in files.items():
            update(code, path)
    else:
        wanted = program_messages()
        found = [line for code in files for line in problems(code, read(code, files[code]), wanted)]
        print("\n".join([*found, f"{len(wanted)} messages, {len(found)} problems"]))
        return 1 if found else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
