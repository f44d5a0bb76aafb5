"""Each script of the repository starts and ends well with --quick."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from .test_drawings import line, ring, save_ink

ROOT = Path(__file__).parents[2]
INK = "INK"
#: The arguments of each script; other tests start those with None.
SCRIPTS: dict[str, list[str] | None] = {
    "benchmarks/compile_time.py": ["--networks", "mlp"],
    "benchmarks/drawn_digits.py": None,
    "benchmarks/drawn_numbers.py": None,
    # It reads a folder of three files, with the drawings of people.
    "benchmarks/drawn_strings.py": None,
    "benchmarks/engine_parity.py": ["--theano-python", sys.executable],
    "benchmarks/faults.py": None,
    "benchmarks/hard_pictures.py": None,
    # The other benchmarks start it.
    "benchmarks/idle_process.py": None,
    "benchmarks/inside.py": None,
    "benchmarks/lasagne_suite.py": [],
    "benchmarks/latency.py": ["--networks", "mlp"],
    "benchmarks/my_hand.py": [INK, "--model", str(ROOT / "resources" / "models" / "mlp.npz")],
    "benchmarks/not_a_digit.py": [INK],
    "benchmarks/photographs.py": [],
    "benchmarks/politeness.py": ["--blocks", "1", "--seconds", "0.5"],
    "benchmarks/recipes.py": ["--presets", "quick", "--part", "presets"],
    "benchmarks/scaling.py": ["--peers", "program", "--blocks", "1"],
    "benchmarks/startup.py": [],
    "benchmarks/throughput.py": ["--peers", "program", "--networks", "mlp", "--blocks", "1"],
    "benchmarks/walks.py": [],
    "tools/content.py": [],
    # It needs a file of letters that people drew, and hours.
    "tools/fit_glyphs.py": None,
    "tools/fit_rejection.py": None,
    "tools/screenshots.py": [],
    "tools/translations.py": None,
    # It needs PyQt6 and an accessibility bus.
    "tools/heard.py": None,
    # It needs Wine.
    "tools/windows_python.py": None,
    "examples/feedforward_lasagne_mnist.py": [],
    "examples/grid_search.py": [],
}


def test_no_script_is_forgotten():
    paths = [
        path
        for folder in ("benchmarks", "tools", "examples")
        for path in Path(ROOT, folder).glob("*.py")
    ]
    scripts = [path for path in paths if "__main__" in path.read_text("utf-8")]
    assert {path.relative_to(ROOT).as_posix() for path in scripts} == set(SCRIPTS)


@pytest.fixture(scope="module")
def ink(tmp_path_factory):
    """Return a file of zeros and ones that five people drew."""
    digits = [(n % 2, n // 24, [line() if n % 2 else ring()]) for n in range(120)]
    return str(save_ink(tmp_path_factory.mktemp("ink") / "ink.npz", digits))


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.timeout(600)
@pytest.mark.parametrize("script", [name for name, given in SCRIPTS.items() if given is not None])
def test_a_script_starts_and_ends_with_quick(script, ink, tmp_path, own_home):
    options = [ink if word == INK else word for word in SCRIPTS[script]]
    done = subprocess.run(
        [sys.executable, str(ROOT / script), *options, "--quick"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    missing = re.search(r"No module named '(\w+)'|could not be fetched", done.stderr)
    if done.returncode and missing:
        pytest.skip(missing[0])
    assert done.returncode == 0, done.stderr
