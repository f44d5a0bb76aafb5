"""Extract, merge, check and compile the catalogues of translations.

python tools/translations.py update         # merge the program's messages into all catalogues
python tools/translations.py update pt      # begin a language, which i18n.LANGUAGES must name
python tools/translations.py check          # what is missing, doubtful or does not fit
python tools/translations.py compile        # what an installation does; needed after each change

A code after a command means one language, else all are meant. What is not translated, or is marked
as fuzzy, is shown in English.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
# They need Python alone: this module runs, too, where the package is built.
from mnist_draw.analysis.guide import guide_messages  # noqa: E402
from mnist_draw.i18n import CATALOGUES, DOMAIN, LANGUAGES  # noqa: E402

PACKAGE = ROOT / "mnist_draw"
MARKS = {"_", "counted", "N_", "pgettext"}
_ERROR = re.compile(r"^class (\w+)\((\w+)[,)]", re.MULTILINE)
#: Spaces at the ends, and ends of lines.
_SPACES = re.compile(r"^ +| +$|\n")
_TAG = re.compile(r"</?\w+")
#: A keyword with its text in quotation marks, a text that goes on, a comment, or nothing.
_LINE = re.compile(r'((msgctxt|msgid|msgid_plural|msgstr|msgstr\[\d\]) )?"([^"\\]|\\.)*"|#.*|')


def program_messages() -> Catalog:
    """Collect the messages of the code, of the words and of the guide."""
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
            for field in ("name", "sentences"):
                catalog.add(word[field], locations=[(place, None)])
    for message in guide_messages():
        catalog.add(message, locations=[("mnist_draw/analysis/guide", None)])
    for message in catalog:
        message.locations.sort()  # as they are written, and so the order of messages stays
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
    # Their sentences are their own.
    return found - {"MissingPackageError", "DamagedError", "NpzError", "DamagedModelError"}


def catalogues() -> dict[str, Path]:
    """Return the files of all languages, by code."""
    return {path.parts[-3]: path for path in sorted(CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))}


def read(code: str, path: Path) -> Catalog:
    """Read a catalogue; raises `ValueError` for a line where Babel would guess what is meant."""
    lines = path.read_text("utf-8").split("\n")
    for number, line in enumerate(lines, 1):
        if not _LINE.fullmatch(line.strip()):
            raise ValueError(f"{path}, line {number}, is no line of a catalogue: {line}")
    try:
        return read_po(lines, locale=code, domain=DOMAIN, abort_invalid=True)
    except PoFileError as error:
        raise ValueError(f"{path}, line {error.lineno + 1}: {error}") from error


def update(code: str, path: Path, wanted: Catalog) -> None:
    """Merge the program's messages; what has changed is marked as fuzzy."""
    catalog = read(code, path) if path.exists() else Catalog(code, DOMAIN, fuzzy=False)
    catalog.project = "mnist_draw"
    # The day would be all that an update without new messages changes.
    catalog.update(wanted, update_creation_date=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalog.header_comment = f"# mnist_draw in {catalog.locale.english_name}."
    with path.open("wb") as file:
        write_po(file, catalog, width=100, ignore_obsolete=True, sort_by_file=True)


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
    fitting = [_fields(each) - extra for each in ids for extra in (set(), {"count"})]
    for form in forms:
        if _fields(form) not in (fitting if message.pluralizable else fitting[:1]):
            yield f"other fields in {form!r}"
        if sorted(_TAG.findall(form)) != sorted(_TAG.findall(ids[-1])):
            yield f"other tags in {form!r}"
        # A comma alone brings its own spaces.
        if _SPACES.findall(form) != _SPACES.findall(ids[-1]) and re.search(r"\w", form):
            yield f"other spaces or lines in {form!r}"


def _fields(text: str) -> set[str]:
    """Return the names in braces; for a text that `str.format` cannot read, one that none has."""
    try:
        return {name for _text, name, _spec, _how in Formatter().parse(text) if name is not None}
    except ValueError:
        return {"{"}


def progress(code: str, catalog: Catalog) -> str:
    """Say how much of a language is shown in it."""
    messages = [message for message in catalog if message.id]
    shown = sum(
        not message.fuzzy and "not translated" not in _faults(message, catalog)
        for message in messages
    )
    return f"{code}: {shown} of {len(messages)} messages are translated"


def compile_all(folder: Path = CATALOGUES) -> None:
    """Write the compiled catalogues that `gettext` reads."""
    for code, path in catalogues().items():
        write_compiled(code, read(code, path), folder)


def write_compiled(code: str, catalog: Catalog, folder: Path = CATALOGUES) -> None:
    compiled = folder / code / "LC_MESSAGES" / f"{DOMAIN}.mo"
    compiled.parent.mkdir(parents=True, exist_ok=True)
    with compiled.open("wb") as file:
        write_mo(file, catalog)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=("update", "check", "compile"))
    parser.add_argument("code", nargs="?", help="one language; else all")
    given = parser.parse_args()
    # A Windows console need not have the letters of every language.
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return run(given.command, given.code)
    except ValueError as error:
        parser.exit(2, f"{error}\n")


def run(command: str, code: str | None) -> int:
    """Do a command for one language, or for all; raises `ValueError` where that cannot be done."""
    files = catalogues() if code is None else {code: _file_of(code, is_new=command == "update")}
    wanted = Catalog() if command == "compile" else program_messages()
    found, far = [], []
    for each, path in files.items():
        if command == "update":
            update(each, path, wanted)
        catalog = read(each, path)
        if command == "compile":
            write_compiled(each, catalog)
        if command == "check":
            found += problems(each, catalog, wanted)
        far.append(progress(each, catalog))
    # The few other lines follow those of what is not translated yet, which may be thousands.
    found.sort(key=lambda line: ": not translated: " not in line)
    print("\n".join([*found, *far]))
    if command == "check":
        print(f"{len(found)} problems")
    return 1 if found else 0


def _file_of(code: str, is_new: bool) -> Path:
    path = CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    if code not in LANGUAGES or code == "en":
        raise ValueError(f"Nothing is translated into {code!r}: add its entry to LANGUAGES first.")
    if not (is_new or path.exists()):
        raise ValueError(f"There is no {path}; begin it with: translations.py update {code}")
    return path


if __name__ == "__main__":
    sys.exit(main())
