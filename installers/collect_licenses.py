"""Copy the license texts of the installed packages: ``python collect_licenses.py FOLDER``."""

import os
import shutil
import sys
from importlib.metadata import distributions
from pathlib import Path

#: They build the folder and are not in it.
BUILD_TOOLS = {
    "altgraph",
    "packaging",
    "pefile",
    "pip",
    "pyinstaller",
    "pyinstaller-hooks-contrib",
    "pywin32-ctypes",
}
LICENSE_WORDS = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")


def main(folder: Path) -> None:
    """Write the texts to ``folder/NAME/``, and the list of packages to ``folder/packages.txt``."""
    lines = []
    for package in sorted(distributions(), key=lambda found: found.name.lower()):
        if package.name.lower() in BUILD_TOOLS:
            continue
        about = package.metadata
        stated = about.get("License-Expression") or (about.get("License") or "").split("\n")[0]
        if not stated:
            classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License")]
            stated = "; ".join(c.split(" :: ")[-1] for c in classifiers)
        lines.append(f"{package.name} {package.version}: {stated or 'see its files'}")
        for file in package.files or []:
            if "dist-info" in str(file) and file.name.upper().startswith(LICENSE_WORDS):
                target = folder / package.name / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), target)
    folder.mkdir(parents=True, exist_ok=True)
    own = Path(os.__file__).with_name("LICENSE.txt")
    if own.exists():
        shutil.copyfile(own, folder / "Python.txt")
    (folder / "packages.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
