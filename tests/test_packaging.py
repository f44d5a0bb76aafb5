"""What is installed is what is here, and the examples in docstrings run."""

import configparser
import doctest
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import mnist_draw

ROOT = Path(__file__).parents[1]


@pytest.fixture
def configuration():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_packages_resources_and_versions(configuration):
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
    assert configuration["metadata"]["version"] == mnist_draw.__version__
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
