"""CONTRIBUTING, the README and the pages of docs name paths and objects that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("CONTRIBUTING.md", "README.md", "installers/README.md")),
    *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "map.md"),
]
PATH = re.compile(
    r"`((?:mnist_draw|tests|docs|benchmarks|resources|tools|examples|installers)/[\w./-]+)`"
)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[\w-]+)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_path_exists(page):
    text = page.read_text(encoding="utf-8")
    missing = [name for name in PATH.findall(text) if not (ROOT / name).exists()]
    missing += [
        name
        for name in LINK.findall(text)
        if not (page.parent / name).exists() and name != "map.md"  # built with the pages
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_has_words_and_a_heading(page):
    text = page.read_text(encoding="utf-8")
    assert "[](" not in text
    for name, anchor in re.findall(r"\]\(([\w./-]+\.md)#([\w-]+)\)", text):
        headings = re.findall(r"^#+ (.+)$", (page.parent / name).read_text("utf-8"), re.MULTILINE)
        assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_each_object_and_registry_is_where_it_is_said_to_be():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `([\w/.]+)` \|", text, re.MULTILINE)
    assert len(rows) == 7
    for name, path in rows:
        assert re.search(
            rf"^class {name}\b", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE
        )
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name, path in re.findall(r"`([A-Z_]{4,})` in `([\w/.]+)`", text):
        place = ROOT / path
        files = [place] if place.is_file() else sorted(place.rglob("*.py"))
        assert any(
            re.search(rf"^{name}\b", file.read_text(encoding="utf-8"), re.MULTILINE)
            for file in files
        )
