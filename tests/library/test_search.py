"""The search of the Library: keys, ranges and what they find."""

import pytest

from mnist_draw.library.entries import entry_of_run, list_entries
from mnist_draw.library.search import completions, in_range, matches, parse_search, what_is_wrong
from mnist_draw.training.run import Run, Summary
from mnist_draw.training.settings import TrainingSettings


@pytest.fixture
def letters(tmp_path):
    settings = TrainingSettings(
        network="mlp#26",
        data_folder="/data/letters",
        learning_rate=0.003,
        batch_size=50,
        update="adam",
        seed=7,
    )
    summary = Summary(20, 1.0, {"test_accuracy": 0.7593})
    run = Run(tmp_path, settings, state="failed", summary=summary, origin="command")
    return entry_of_run(run)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", True),
        ("lr:0.003", True),
        ("lr:0.001..0.01 batch:50 seed:7", True),
        ("lr:0.001", False),
        ("data:letters", True),
        ("-data:mnist", True),
        ("-data:letters", False),
        ("acc:>75", True),
        ("acc:>98", False),
        ("acc:<98", True),
        ("net:mlp opt:adam", True),
        ("net:cnn", False),
        ("is:run is:failed", True),
        ("is:network", False),
        ("is:running", False),
        ("epochs:20", True),
        ("from:command", True),
        ("from:window", False),
        ("-from:python", True),
        # While a value is typed, nothing is hidden.
        ("acc:", True),
        ("-data:", True),
        ("acc:high", False),
        ("nonsense", False),
    ],
)
def test_what_a_search_finds(letters, text, found):
    assert matches(letters, parse_search(text)) is found


@pytest.mark.parametrize(
    ("text", "offers"),
    [
        ("", []),
        ("cnn ", []),
        ("e", ["epochs:"]),
        ("cnn S", ["seed:"]),
        ("-da", ["-data:"]),
        ("data:", ["data:letters"]),
        ("-data:l", ["-data:letters"]),
        ("data:letters", []),
        ("lr:", ["lr:0.003"]),
        ("is:", ["is:failed", "is:run"]),
        ("from:c", ["from:command"]),
        ("net:", ["net:mlp"]),
        ("acc:", []),
        ("none:", []),
    ],
)
def test_a_search_completes_keys_and_the_values_that_there_are(letters, text, offers):
    assert completions(text, [letters]) == offers


@pytest.mark.parametrize(
    ("state", "failed"),
    [("failed", True), ("diverged", True), ("stopped", False), ("completed", False)],
)
def test_a_run_whose_loss_grew_without_limit_has_failed(state, failed, tmp_path):
    entry = entry_of_run(Run(tmp_path, TrainingSettings(), state=state))
    assert matches(entry, parse_search("is:failed")) is failed


def test_a_network_without_settings_has_only_what_is_known():
    # Other tests may have opened networks.
    (best,) = (entry for entry in list_entries([]) if entry.key == "shipped:best")
    assert matches(best, parse_search("is:network acc:>99 best"))
    assert not matches(best, parse_search("is:run"))


@pytest.mark.parametrize(
    ("text", "meant"),
    [("lr:1 word", ""), ("lrr:1", "lr"), ("dat:x", "data")],
)
def test_an_unknown_key_names_the_one_that_was_meant(text, meant):
    said = what_is_wrong(parse_search(text))
    assert bool(said) == bool(meant)
    assert meant in said


@pytest.mark.parametrize(
    ("value", "text", "inside"),
    [
        (98.0, "98", True),
        (98.0, ">98", False),
        (98.0, "<98.5", True),
        (98.0, "98..99", True),
        (97.9, "98..99", False),
        (98.0, "..99", False),
        (98.0, ">", False),
    ],
)
def test_a_number_is_in_a_range(value, text, inside):
    assert in_range(value, text) is inside
