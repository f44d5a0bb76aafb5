"""Run Lasagne's own tests on the engine of this interpreter.

Lasagne 0.1 is fetched as source from the package index by its name, and the tests that
come with it run against the Lasagne and the Theano (or PyTensor) that are installed here::

    python benchmarks/lasagne_suite.py [--floor N] [--recurrent-floor N] [--keep DIR]
                                       [--json]

``test_examples.py``, which wants to download data, is left out; the tests of recurrent
layers are counted apart. The exit status is 1 below a floor, 2 when the tests could not
be run at all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECURRENT = "layers/test_recurrent.py"

#: How many must pass: what passes on each engine. Theano 1.0.5 itself fails 23 of the 43
#: tests of recurrent layers, which were written for Theano 0.7.
FLOORS = {
    "Theano": {"suite": 441, "recurrent": 20},
    "PyTensor": {"suite": 594, "recurrent": 43},
}


class SuiteError(Exception):
    """The tests could not be fetched or run; the text says why."""


@dataclass
class Counts:
    """How many tests ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def fetch(folder: Path) -> Path:
    """Fetch and unpack the source distribution; return its folder of tests."""
    tests = folder / "Lasagne-0.1" / "lasagne" / "tests"
    if tests.is_dir():
        return tests
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary",
        ":all:", "--dest", str(folder), "lasagne==0.1",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = sorted(folder.glob("*asagne-0.1.tar.gz"))
    if not archives:
        raise SuiteError(
            f"Lasagne's source could not be fetched from the package index: {done.stderr}",
        )
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    if not tests.is_dir():
        raise SuiteError(f"{archives[0]} holds no lasagne/tests.")
    return tests


def run(tests: Path, which: Iterable[str], timeout: float = 3600.0) -> Counts:
    """Run pytest on some files of Lasagne's tests, each test counted once."""
    report = tests / "report.xml"
    report.unlink(missing_ok=True)
    # The package of the same name in the source folder must not be found before the
    # installed one: hence importlib mode and an own root folder.
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "mnist_draw.theano_bridge",
        "--rootdir", str(tests), "--confcutdir", str(tests), "-c", os.devnull,
        "-p", "no:cacheprovider",
        "-o", "python_files=test*py", "--import-mode=importlib", f"--junitxml={report}",
        *which,
    ]  # fmt: skip
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    try:
        done = subprocess.run(
            command, cwd=tests, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": path}, timeout=timeout,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise SuiteError(f"The tests did not end within {timeout:.0f} s.") from error
    if not report.exists():
        raise SuiteError(f"pytest did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return count(report)


def count(report: Path) -> Counts:
    """Read a JUnit report."""
    counts = Counts()
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            counts.failed += 1
            counts.failures.append(f"{case.get('classname')}::{case.get('name')}")
        elif "skipped" in kinds:
            counts.skipped += 1
        else:
            counts.passed += 1
    return counts


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--floor", type=int, help="default: what passes here")
    parser.add_argument("--recurrent-floor", type=int)
    parser.add_argument("--keep", type=Path, help="folder for the source, kept afterwards")
    parser.add_argument("--quick", action="store_true", help="only the tests of its utilities")
    parser.add_argument("--json", action="store_true", help="one JSON object per part")
    chosen = parser.parse_args(arguments)
    sys.path.insert(0, str(ROOT))
    from mnist_draw.theano_bridge import engine

    print(f"{engine()}, Python {sys.version.split()[0]}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (chosen.keep or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            tests = fetch(folder)
            if chosen.quick:
                counts = run(tests, ["test_utils.py"])
                print(counts)
                return 0 if counts.passed else 1
            parts = {
                "suite": run(
                    tests,
                    [".", "--ignore=test_examples.py", f"--ignore={RECURRENT}"],
                ),
                "recurrent": run(tests, [RECURRENT]),
            }
        except SuiteError as error:
            print(error, file=sys.stderr)
            return 2
    floors = dict(FLOORS[engine().split()[0]])
    for name, floor in (("suite", chosen.floor), ("recurrent", chosen.recurrent_floor)):
        if floor is not None:
            floors[name] = floor
    for name, counts in parts.items():
        if chosen.json:
            print(json.dumps({"part": name, "engine": engine(), **asdict(counts)}))
        else:
            print(f"{name}: {counts} (at least {floors[name]} must pass)")
            for failure in counts.failures:
                print(f"  failed: {failure}")
    return int(any(parts[name].passed < floor for name, floor in floors.items()))


if __name__ == "__main__":
    sys.exit(main())
