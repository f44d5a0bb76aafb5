"""Compile the catalogues of translations when the package is built; all else is in setup.cfg."""

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).parent / "tools"))


class BuildWithCatalogues(build_py):
    def run(self) -> None:
        from translations import compile_all

        compile_all()
        super().run()


setup(cmdclass={"build_py": BuildWithCatalogues})
