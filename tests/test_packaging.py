"""What is installed is what is here."""

import configparser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def configuration():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_every_package_is_listed(configuration):
    listed = set(configuration["options"]["packages"].split())
    found = {
        ".".join(folder.parent.relative_to(ROOT).parts)
        for folder in (ROOT / "mnist_draw").rglob("__init__.py")
    }
    assert listed == found | {"mnist_draw.resources"}


def test_every_resource_is_shipped(configuration):
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


def test_versions_agree(configuration):
    import mnist_draw

    assert configuration["metadata"]["version"] == mnist_draw.__version__
    shown = (ROOT / "resources" / "desktop" / "mnist-draw.metainfo.xml").read_text("utf-8")
    assert f'<release version="{mnist_draw.__version__}"' in shown
