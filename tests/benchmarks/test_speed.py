"""The benchmarks of speed, without any peer: turns, tasks, figures, recipes."""

import json
import subprocess
import sys

import politeness
import pytest
import recipes
import scaling
import throughput
from peers.alternation import alternate, ratio, summary
from peers.gemms import products
from peers.task import Task

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.training.presets import PRESETS
from mnist_draw.training.settings import TrainingSettings

from .conftest import BENCHMARKS


def test_each_block_has_every_candidate_once_and_begins_with_another():
    taken = []

    def run(name):
        taken.append(name)
        return float(len(taken))

    figures = alternate(["a", "b", "c"], 3, run, rest=lambda: taken.append("rest"))
    # A rest precedes every turn.
    assert taken[::2] == ["rest"] * 9
    assert "".join(taken[1::2]) == "abcbcacab"
    # By candidate, in the order of the blocks.
    assert figures == {"a": [2.0, 12.0, 16.0], "b": [4.0, 8.0, 18.0], "c": [6.0, 10.0, 14.0]}
    assert alternate([], 3, run, rest=lambda: None) == {}


def test_turns_are_summed_up():
    for values, expected in (
        # One slow turn does not move the median.
        ([10.0, 11.0, 9.0, 10.0, 1000.0], (10.0, 10.0, 11.0)),
        ([4.0], (4.0, 4.0, 4.0)),
    ):
        turns = summary(values)
        assert (turns.low, turns.median, turns.high) == expected
    with pytest.raises(ValueError, match="no turn"):
        summary([])
    # The machine slowed down by and by: in every block one is twice as fast as the other.
    assert ratio([100.0, 50.0, 10.0, 2.0], [50.0, 25.0, 5.0, 1.0]) == 2.0
    for ours, theirs in (([], []), ([1.0], [1.0, 2.0])):
        with pytest.raises(ValueError, match="cannot be compared"):
            ratio(ours, theirs)


def test_the_floor_does_all_products_of_all_pictures():
    def work(network):
        training = products(Task(network), training=True)
        return sum(p.m * p.k * p.n * p.times for p in training) / 500

    training = products(Task("mlp"), training=True)
    assert len(training) == 8
    assert products(Task("mlp"), training=False) == training[:3]
    # Three products a layer, but for the gradient by the pictures.
    assert work("mlp") == 3 * (784 * 500 + 500 * 300 + 300 * 10) - 784 * 500
    convolutions = 2 * 576 * 25 * 32 + 3 * 64 * 800 * 32
    assert work("cnn") == convolutions + 3 * (512 * 256 + 256 * 10)


def test_ratios_are_against_each_and_against_the_faster_floor():
    rates = {
        "program": [80.0, 90.0, 40.0],
        "torch": [40.0, 30.0, 20.0],
        "gemms": [60.0, 60.0, 60.0],
        "gemms-cut": [100.0, 100.0, 50.0],
    }
    figures = throughput.compare(rates)
    assert figures["torch"]["program_ratio"] == 2.0
    assert figures["program"]["images_per_second"] == 80.0
    assert figures["program"]["floor_share"] == pytest.approx(0.8)
    assert figures["gemms-cut"]["floor_share"] == 1.0
    # Without program or floor there is nothing to compare with.
    alone = throughput.compare({"torch": [40.0]})["torch"]
    assert (alone["program_ratio"], alone["floor_share"]) == (None, None)


def test_candidates_that_compute_something_else_are_found():
    throughput.check_same({"program": 2.31, "torch": 2.31002, "gemms": None})
    with pytest.raises(throughput.DifferentError, match=r"2\.310000.*jax 2\.350000"):
        throughput.check_same({"program": 2.31, "torch": 2.31002, "jax": 2.35})


def test_sizes_become_tasks_and_whole_epochs():
    assert scaling.task_of("batch", 64, 2) == (Task("mlp", 64, 2), None)
    assert scaling.task_of("width", 200, 2)[0].hidden == (200, 200)
    assert scaling.task_of("pictures", 3000, 2) == (Task("mlp", 500, 2), 3000)
    assert scaling.turn_of("batch", 4096, 4096, 4000) == 2
    assert scaling.turn_of("batch", 32, 32, 30_000) == 937
    assert scaling.turn_of("pictures", 3_000, 500, 30_000) == 60
    assert scaling.turn_of("pictures", 60_000, 500, 30_000) == 120
    # Images a second, or seconds an epoch.
    assert scaling.figure_of("width", 100, 500, 60, 2.0) == 15_000
    assert scaling.figure_of("pictures", 3_000, 500, 60, 2.0) == pytest.approx(0.2)


def test_lateness_is_summed_up_by_its_tail():
    late = politeness.percentiles([1.0] * 98 + [5.0, 50.0])
    assert late["p50"] == 1.0
    assert 5.0 <= late["p99"] < 50.0
    assert (late["max"], late["ticks"]) == (50.0, 100)
    with pytest.raises(ValueError, match="never fired"):
        politeness.percentiles([])


@pytest.mark.slow
@pytest.mark.process
def test_reports_can_be_read_by_programs(monkeypatch, capsys):
    monkeypatch.setitem(throughput.QUICK, "mlp", (2, 500))
    options = ["--peers", "gemms,peak", "--quick", "--blocks", "1", "--threads", "1", "--json"]
    assert throughput.main(["--networks", "mlp", *options]) == 0
    report = json.loads(capsys.readouterr().out)
    training = report["networks"]["mlp"]["training"]
    assert set(training) == {"gemms", "peak"}
    assert all(figures["images_per_second"] > 0 for figures in training.values())
    assert set(report["machine"]) == {"processor", "cores", "system", "python", "commit", "date"}


DATA = load_dataset().first(600)
SMALL = TrainingSettings(network="custom_mlp:0,1,0,0", batch_size=100, learning_rate=0.01)


def test_a_card_promises_what_was_measured():
    measured = json.loads((BENCHMARKS / "results" / "presets.json").read_text())["presets"]
    for name, preset in PRESETS.items():
        assert len(measured[name]["seeds"]) >= 5
        assert preset.expected_accuracy == round(measured[name]["mean_accuracy"], 4)


@pytest.mark.slow
def test_every_preset_trains_with_every_seed():
    settings = {"tutorial": SMALL.replace(epochs=2), "other": SMALL.replace(epochs=1)}
    found = recipes.measure_presets(settings, [1, 2], DATA)
    for row in found.values():
        assert len(row["accuracies"]) == len(row["seconds"]) == 2
        assert 0.5 < row["mean_accuracy"] < 0.95
    assert found["tutorial"]["ratio"] == 1
    # Another seed is another run, the same seed the same.
    first, second = found["tutorial"]["accuracies"]
    assert first != second
    assert recipes.run(settings["tutorial"].replace(seed=2), DATA).accuracy == second
    assert len(found["tutorial"]["right_after"][0]) == 12
    assert recipes.stays_from([True, False, True, True]) == 3
    assert "| other | " in recipes.table({"presets": found})


@pytest.mark.slow
def test_recipes_take_turns_epoch_by_epoch(monkeypatch):
    monkeypatch.setattr(recipes, "TrainingSettings", lambda **changes: SMALL.replace(**changes))
    found = recipes.measure_augmentation(["off", "warp"], 2, DATA)
    assert found["off"]["ratio"] == 1
    assert len(found["warp"]["seconds"]) == 2
    assert "| warp | " in recipes.table({"augmentation": json.loads(json.dumps(found))})


@pytest.mark.slow
@pytest.mark.process
def test_the_sections_of_inside_are_measured(tmp_path):
    command = [sys.executable, str(BENCHMARKS / "inside.py"), "--quick", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [row["section"] for row in found["sections"]] == ["network", "results"]
    assert all(row["frames_s"] > 0 for row in found["live"])
