"""The largest of MNIST's relatives: EMNIST ByClass, here as files of its format, of noise."""

import subprocess
import sys

import numpy as np
import pytest

COUNTS = {"train": 697_932, "test": 116_323}
CLASSES = 62
_CODE = """
import resource, sys
from mnist_draw.cli import main
folder, network = sys.argv[1:]
assert main(["train", "--data", folder, "--network", "layers:20", "--epochs", "1", "--no-run",
             "--output", network]) == 0
assert main(["evaluate", network, "--data", folder, "--report", network + "-report"]) == 0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="counts kilobytes")
def test_it_is_learned_and_looked_into_in_less_than_three_gigabytes(tmp_path):
    folder = tmp_path / "byclass"
    folder.mkdir()
    random = np.random.default_rng(1)
    for part, count in COUNTS.items():
        head = f"emnist-byclass-{part}"
        with (folder / f"{head}-images-idx3-ubyte").open("wb") as file:
            file.write(b"\0\0\x08\x03" + np.array([count, 28, 28], ">u4").tobytes())
            for first in range(0, count, 50_000):
                file.write(random.bytes(784 * min(50_000, count - first)))
        labels = (np.arange(count) % CLASSES).astype(np.uint8)
        header = b"\0\0\x08\x01" + np.array([count], ">u4").tobytes()
        (folder / f"{head}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())
    done = subprocess.run(
        [sys.executable, "-c", _CODE, str(folder), str(tmp_path / "network.npz")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"–{CLASSES}" in done.stdout
    assert f"{COUNTS['test']:,}" in done.stdout
    assert int(done.stdout.split()[-1]) < 3_000_000
