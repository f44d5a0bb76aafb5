"""A little of the attack on the program: kills, full disks, damaged files, random events."""

import os
import subprocess
import sys

import pytest
from faults.kills import unsound

from mnist_draw.recognition.run_session import RunSession
from mnist_draw.theano_bridge import installed_theano
from mnist_draw.training.events import BatchFinished, Finished
from mnist_draw.training.settings import TrainingSettings

from .conftest import BENCHMARKS


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.skipif(installed_theano(), reason="the native linker's speed is needed")
@pytest.mark.parametrize("attacks", ["writes,kills", "files,together", "endurance,window"])
def test_the_program_withstands_a_little_of_everything(tmp_path, own_home, attacks):
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "faults.py"), "--quick", "--only", attacks],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "| 0 |" in done.stdout


def test_a_run_that_diverged_in_its_first_epoch_counts_as_sound(tmp_path):
    def diverge(settings, *, run, **_):
        for event in (
            BatchFinished(1, 20, 1, 1, float("nan"), 0.1, 0.01),
            Finished("diverged", 0, (), settings.epochs),
        ):
            run.apply(event)
            yield event

    session = RunSession(TrainingSettings(), tmp_path, train=diverge)
    session.begin()
    assert [type(event) for event in session.events()] == [BatchFinished, Finished]
    assert not session.end()
    assert session.run.state == "diverged"
    assert (tmp_path / "history.npz").exists()
    assert unsound(tmp_path) == []
