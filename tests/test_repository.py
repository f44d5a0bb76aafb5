"""What is installed is what is here; pages name what is there; examples run; nothing connects."""

import configparser
import doctest
import inspect
import re
import socket
import urllib.request
from importlib import import_module
from pathlib import Path

import pytest

import mnist_draw

ROOT = Path(__file__).parents[1]


def test_packages_resources_and_versions():
    configuration = configparser.ConfigParser()
    configuration.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = set(configuration["options"]["packages"].split())
    found = {
        ".".join(folder.parent.relative_to(ROOT).parts)
        for folder in (ROOT / "mnist_draw").rglob("__init__.py")
    }
    assert listed == found | {"mnist_draw.resources"}
    patterns = configuration["options.package_data"]["mnist_draw.resources"].split(",")
    kept = {pattern.strip() for pattern in patterns}
    folders = {
        path.parent.relative_to(ROOT / "resources").as_posix()
        for path in (ROOT / "resources").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    # Pictures for the README: nobody who installs the program needs them.
    folders -= {"screenshots"}
    assert "screenshots/*" not in kept
    assert {f"{folder}/*" for folder in folders} <= kept
    shown = (ROOT / "resources" / "desktop" / "mnist-draw.metainfo.xml").read_text("utf-8")
    assert f'<release version="{mnist_draw.__version__}"' in shown


def test_the_package_offers_its_own_names_only():
    offered = {name for name in dir(mnist_draw) if not name.startswith("_")}
    assert offered >= {*mnist_draw.__all__, "MnistClassifier"}
    assert not offered & {"Any", "TYPE_CHECKING", "annotations", "sys", "errors", "theano_bridge"}


WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "mnist_draw").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


ASKS_FOR_SYSTEM = re.compile(r"\bsys\.platform\b|\bos\.name\b|\bplatform\.system\(\) *[=!]=")
#: What differs between the systems for desktops, files and processes.
OF_SYSTEMS = {"app/kit/desktop.py", "storage/file_system.py", "system.py"}


def test_three_modules_ask_which_system_runs_them():
    package = ROOT / "mnist_draw"
    asking = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if ASKS_FOR_SYSTEM.search(path.read_text(encoding="utf-8"))
    }
    assert asking == OF_SYSTEMS


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name):
    if name.endswith(".classifier"):
        pytest.importorskip("sklearn")
    module, finder = import_module(name), doctest.DocTestFinder()
    tests = finder.find(module)
    # Public classes name the package as their module.
    source = inspect.getsource(module)
    for thing in filter(inspect.isclass, vars(module).values()):
        if thing.__module__ == "mnist_draw" and f"class {thing.__name__}(" in source:
            tests += finder.find(thing, module=mnist_draw)
    assert any(test.examples for test in tests)
    assert not sum(doctest.DocTestRunner().run(test).failed for test in tests)


# -- CONTRIBUTING, the README and the pages of docs

PAGES = [
    *(ROOT / name for name in ("CONTRIBUTING.md", "README.md", "installers/README.md")),
    *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "map.md"),
]
PATH = re.compile(
    r"`((?:mnist_draw|tests|docs|benchmarks|resources|tools|examples|installers)/[\w./-]+)`",
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


def test_each_picture_of_the_window_is_shown():
    texts = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    kept = {path.name for path in (ROOT / "resources" / "screenshots").iterdir()}
    assert kept == set(re.findall(r"resources/screenshots/([\w.]+)", texts))


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
    assert len(rows) == 8
    for name, path in rows:
        assert re.search(
            rf"^class {name}\b",
            (ROOT / path).read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    for name, path in re.findall(r"`([A-Z_]{4,})` in `([\w/.]+)`", text):
        place = ROOT / path
        files = [place] if place.is_file() else sorted(place.rglob("*.py"))
        assert any(
            re.search(rf"^{name}\b", file.read_text(encoding="utf-8"), re.MULTILINE)
            for file in files
        )


# -- no network connection


def test_a_test_that_opens_a_socket_fails():
    with pytest.raises(AssertionError, match="no network connection"):
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with pytest.raises(AssertionError, match="no network connection"):
        urllib.request.urlopen("http://192.0.2.1/", timeout=1)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="sockets within a computer")
def test_sockets_within_this_computer_are_allowed():
    for one in socket.socketpair():
        one.close()
