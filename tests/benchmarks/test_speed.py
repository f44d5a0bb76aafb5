"""The figures of the speed benchmarks, without any peer."""

from __future__ import annotations

import json
from pathlib import Path

import compile_time
import politeness
import pytest
import scaling
import throughput
from peers import CANDIDATES, UnavailableError
from peers.process import Contestant, thread_variables
from peers.task import Task, prepare


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


def test_without_program_or_floor_there_is_nothing_to_compare_with():
    figures = throughput.compare({"torch": [40.0]})
    assert figures["torch"]["program_ratio"] is None
    assert figures["torch"]["floor_share"] is None


def test_candidates_that_compute_something_else_are_found():
    throughput.check_same({"program": 2.31, "torch": 2.31002, "gemms": None})
    with pytest.raises(throughput.DifferentError, match=r"2\.310000.*jax 2\.350000"):
        throughput.check_same({"program": 2.31, "torch": 2.31002, "jax": 2.35})


def test_a_table_names_every_candidate_and_who_is_missing():
    rates = {"program": [80.0], "torch": [40.0], "gemms": [100.0]}
    figures = throughput.compare(rates)
    result = {
        "task": {"network": "mlp"},
        "training": figures,
        "validation": figures,
        "skipped": {"jax": "not installed"},
    }
    text = throughput.table(result)
    assert "| PyTorch, eager | 40 | 40–40 | 2.00× | 40 % | 40 | 2.00× |" in text
    assert "Not available: jax: not installed" in text


@pytest.mark.parametrize("arguments", [["--peers", "caffe"], ["--threads", "0"], ["--blocks", "0"]])
def test_what_cannot_be_measured_is_refused_in_words(arguments, capsys):
    with pytest.raises(SystemExit):
        throughput.main(arguments)
    assert arguments[0].strip("-")[:-1] in capsys.readouterr().err


def test_sizes_become_tasks():
    assert scaling.task_of("batch", 64, 2) == (Task("mlp", 64, 2), None)
    assert scaling.task_of("width", 200, 2)[0].hidden == (200, 200)
    assert scaling.task_of("pictures", 3000, 2) == (Task("mlp", 500, 2), 3000)


def test_turns_are_long_enough_and_whole_epochs():
    assert scaling.turn_of("batch", 4096, 4096, 4000) == 2
    assert scaling.turn_of("batch", 32, 32, 30_000) == 937
    assert scaling.turn_of("pictures", 3_000, 500, 30_000) == 60
    assert scaling.turn_of("pictures", 60_000, 500, 30_000) == 120


def test_figures_are_images_per_second_or_seconds_an_epoch():
    assert scaling.figure_of("width", 100, 500, 60, 2.0) == 15_000
    assert scaling.figure_of("pictures", 3_000, 500, 60, 2.0) == pytest.approx(0.2)


def test_tables_show_a_dash_where_a_candidate_is_missing():
    points = {32: {"program": 12_345.6, "torch": 0.12345}, 64: {"program": 99.96}}
    text = scaling.markdown({"batch": points}, {"processor": "P", "cores": 2, "system": "S"})
    assert "| 32 | 12,346 | 0.123 |" in text
    assert "| 64 | 100 | – |" in text


def test_lateness_is_summed_up_by_its_tail():
    late = politeness.percentiles([1.0] * 98 + [5.0, 50.0])
    assert late["p50"] == 1.0
    assert 5.0 <= late["p99"] < 50.0
    assert (late["max"], late["ticks"]) == (50.0, 100)
    with pytest.raises(ValueError, match="never fired"):
        politeness.percentiles([])


def test_medians_are_taken_figure_by_figure():
    runs = [
        {"train": 1.0, "whole": 9.0},
        {"train": 3.0, "whole": 7.0},
        {"train": 2.0, "whole": 8.0},
    ]
    assert compile_time.medians(runs) == {"train": 2.0, "whole": 8.0}


def test_peak_memory_is_that_of_this_process():
    before = compile_time.peak_memory()
    block = bytearray(64_000_000)
    assert 10e6 < before < 100e9
    assert compile_time.peak_memory() >= len(block)


@pytest.fixture
def candidate(tmp_path):
    """A prepared folder with a task that takes no time."""
    prepare(tmp_path, Task("custom_mlp:0,1,0,0", batch_size=5, threads=1), training_examples=10)
    return tmp_path


@pytest.mark.process
def test_the_floor_takes_its_turns_in_a_process_of_its_own(candidate):
    contestant = Contestant("gemms", Task(batch_size=5, threads=1), candidate)
    try:
        assert contestant.first_loss is None
        assert contestant.version.startswith("scipy ")
        assert contestant.train(3) > 0
        assert contestant.evaluate(10) > 0
        assert contestant.ready_seconds > 0
    finally:
        contestant.close()


@pytest.mark.process
def test_who_is_not_installed_is_unavailable_with_the_reason(candidate, monkeypatch):
    # A library that fails in its import, wherever the tests run.
    broken = candidate / "broken"
    broken.mkdir()
    (broken / "sklearn.py").write_text("raise ImportError('no scikit-learn here')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with pytest.raises(UnavailableError, match=r"not installed.*no scikit-learn here"):
        Contestant("sklearn", Task(threads=1), candidate)


@pytest.mark.process
def test_a_process_that_dies_is_unavailable_with_its_last_words(candidate, monkeypatch):
    broken = candidate / "broken"
    broken.mkdir()
    (broken / "sklearn.py").write_text(
        "import os, sys\nsys.stderr.write('killed\\n')\nos._exit(3)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(broken))
    with pytest.raises(UnavailableError, match="its process ended: killed"):
        Contestant("sklearn", Task(threads=1), candidate)


def test_every_library_is_told_the_number_of_threads():
    assert thread_variables(3)["OMP_NUM_THREADS"] == "3"
    assert thread_variables(3)["OPENBLAS_NUM_THREADS"] == "3"


def test_every_candidate_has_its_module():
    folder = Path(throughput.__file__).parent / "peers"
    for one in CANDIDATES.values():
        assert f"class {one.cls}(" in (folder / f"{one.module}.py").read_text()


@pytest.mark.slow
@pytest.mark.process
def test_reports_can_be_read_by_programs(capsys):
    assert throughput.main(["--networks", "mlp", "--peers", "gemms", "--quick", "--blocks", "1",
                            "--threads", "1", "--json"]) == 0  # fmt: skip
    report = json.loads(capsys.readouterr().out)
    training = report["networks"]["mlp"]["training"]
    assert training["gemms"]["images_per_second"] > 0
    assert set(report["machine"]) == {"processor", "cores", "system", "python"}
