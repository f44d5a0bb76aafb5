"""``train`` loses nothing to signals, a second run, a wrong name, a full disk or a dead pipe."""

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import full_disk
import pytest
from linear_network import linear_model
from PIL import Image

from mnist_draw.cli import main, train_run
from mnist_draw.errors import one_line
from mnist_draw.library import stored_network
from mnist_draw.library.stored_network import load_trained
from mnist_draw.recognition import run_session
from mnist_draw.storage import save_model
from mnist_draw.training import checkpoint, events, record, run_list
from mnist_draw.training.checkpoint import load_checkpoint

QUICK = ["train", "--network", "custom_mlp:0,1,0,0", "--examples", "2000"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(stored_network, "data_folder", lambda: tmp_path / "own data")
    (tmp_path / "own data").mkdir()
    return tmp_path


def test_ctrl_c_before_the_first_minibatch_leaves_a_good_network_alone(here, at_first, capsys):
    assert main([*QUICK, "--epochs", "1", "--output", "good.npz"]) == 0
    before = (here / "good.npz").read_bytes()
    at_first(events.Compiling, lambda: signal.raise_signal(signal.SIGINT))
    capsys.readouterr()
    assert main([*QUICK, "--epochs", "9", "--output", "good.npz", "--overwrite"]) == 130
    out, err = capsys.readouterr()
    assert (here / "good.npz").read_bytes() == before
    assert "nothing is kept" in err
    assert "saved in" not in out
    assert "test accuracy" not in out


def twice():
    """Press Ctrl-C, and once more: the network is not waited for."""
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("checkpoint", [[], ["--checkpoint", "run.ckpt"]])
@pytest.mark.parametrize("moment", [events.Testing, events.Finished])
def test_a_second_ctrl_c_says_what_is_kept_and_how_the_run_goes_on(
    here,
    at_first,
    capsys,
    moment,
    checkpoint,
):
    at_first(moment, twice)
    assert main([*QUICK, "--epochs", "2", "--output", "m.npz", *checkpoint]) == 130
    err = capsys.readouterr().err
    assert "epoch 2" in err
    assert "Interrupted." in err
    assert not (here / "m.npz").exists()
    (run,) = run_list.list_runs()[0]
    assert (run.state, run.epochs_done) == ("interrupted", 2)
    _, _, command = err.strip().partition("mnist-draw ")
    assert main([*shlex.split(command), "--output", "m.npz"]) == 0
    assert load_trained(here / "m.npz").metadata["epochs"] == 2


def test_a_killed_run_whose_record_is_ahead_of_its_checkpoint_is_continued(here, at_first):
    train = ["--output", "m.npz", "--overwrite"]
    assert main([*QUICK, "--epochs", "1", "--checkpoint", "run.ckpt", *train]) == 0
    after_one = (here / "run.ckpt").read_bytes()
    at_first(events.Testing, twice)
    assert main(["train", "--resume", "run.ckpt", "--epochs", "3", *train]) == 130
    (run,) = run_list.list_runs()[0]
    assert (run.state, run.epochs_done) == ("interrupted", 3)
    # A kill before the second epoch is written leaves this.
    run.checkpoint.unlink()
    (here / "run.ckpt").write_bytes(after_one)
    assert main(["train", "--resume", "run.ckpt", "--epochs", "4", *train]) == 0
    assert [one.epochs_done for one in run_list.list_runs()[0]] == [4]


def test_a_second_ctrl_c_after_the_network_is_saved_says_where_it_is(here, monkeypatch, capsys):
    say = train_run.Progress.say

    def interrupted(self, sentence, **figures):
        if "is saved in" in sentence:
            raise KeyboardInterrupt
        say(self, sentence, **figures)

    monkeypatch.setattr(train_run.Progress, "say", interrupted)
    assert main([*QUICK, "--epochs", "1", "--output", "m.npz"]) == 130
    err = capsys.readouterr().err
    assert "network is saved" in err
    assert load_trained(here / "m.npz").metadata["epochs"] == 1
    (run,) = run_list.list_runs()[0]
    assert run.state == "completed"


def test_a_second_ctrl_c_says_where_nothing_is_kept(here, at_first, capsys):
    at_first(events.Testing, twice)
    assert main([*QUICK, "--epochs", "1", "--output", "m.npz", "--no-run"]) == 130
    assert "Nothing is kept" in capsys.readouterr().err


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Return a folder with a network, a checkpoint, and two other files."""
    folder = tmp_path_factory.mktemp("good")
    files = ["--output", str(folder / "good.npz"), "--checkpoint", str(folder / "run.ckpt")]
    assert main([*QUICK, "--epochs", "1", *files, "--no-run"]) == 0
    (folder / "letter.txt").write_text("Dear Ada,")
    (folder / "class.json").write_text(json.dumps({"epochs": 1}))
    return folder


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--output", "letter.txt"], 1, "letter.txt, a file of another kind"),
        (["--output", "run.ckpt"], 1, "run.ckpt, a file of another kind"),
        (["--checkpoint", "letter.txt"], 1, "letter.txt, a file of another kind"),
        (["--checkpoint", "good.npz"], 1, "good.npz, a file of another kind"),
        (["--checkpoint", "good.npz", "--overwrite"], 1, "good.npz, a file of another kind"),
        (["--checkpoint", "class.json", "--config", "class.json"], 2, "file that is read"),
        (["--checkpoint", "good.npz", "--from", "good.npz"], 2, "file that is read"),
        (["--output", "good.npz", "--from", "good.npz"], 2, "file that is read"),
        (["--output", "class.json", "--config", "class.json"], 2, "file that is read"),
        (["--checkpoint", "run.ckpt"], 1, "run.ckpt holds another run (custom_mlp:0,1,0,0, 1 of 1"),
    ],
)
def test_no_file_is_replaced_that_is_something_else(
    arguments,
    status,
    message,
    good,
    monkeypatch,
    capsys,
):
    monkeypatch.chdir(good)
    before = {path: path.read_bytes() for path in good.iterdir()}
    assert main([*QUICK, "--epochs", "1", *arguments]) == status
    assert message in capsys.readouterr().err
    assert {path: path.read_bytes() for path in good.iterdir()} == before


@pytest.mark.slow
def test_another_network_that_is_replaced_is_kept(here, capsys, at_first):
    run = [*QUICK, "--output", "m.npz"]

    def files():
        return sorted(path.name for path in here.glob("m*.npz"))

    assert main([*run, "--epochs", "2", "--checkpoint", "run.ckpt"]) == 0
    first = (here / "m.npz").read_bytes()
    # The same once more.
    assert main([*run, "--epochs", "2"]) == 0
    assert files() == ["m.npz"]
    # Another one, the same run continued, one that is stopped early, one from elsewhere.
    capsys.readouterr()
    assert main([*run, "--epochs", "2", "--seed", "2"]) == 0
    assert "now in m-2.npz" in capsys.readouterr().err
    assert (here / "m-2.npz").read_bytes() == first
    assert main(["train", "--resume", "run.ckpt", "--epochs", "3", "--output", "m.npz"]) == 0
    assert load_trained(here / "m-3.npz").metadata["settings"]["seed"] == 2
    longer = (here / "m.npz").read_bytes()
    save_model(here / "n.npz", linear_model())
    assert main([*run[:-1], "n.npz", "--epochs", "1", "--overwrite"]) == 0
    assert not (here / "n-2.npz").exists()
    at_first(events.EpochFinished, lambda: signal.raise_signal(signal.SIGINT))
    assert main([*run, "--epochs", "9"]) == 130
    assert (here / "m-4.npz").read_bytes() == longer


def test_a_network_that_is_replaced_stays_where_the_new_one_cannot_be_saved(here, monkeypatch):
    run = [*QUICK, "--epochs", "1", "--output", "m.npz"]
    assert main(run) == 0
    before = (here / "m.npz").read_bytes()
    monkeypatch.setattr(train_run, "save_model", full_disk.refuse)
    assert main([*run, "--seed", "2"]) == 1
    assert (here / "m.npz").read_bytes() == before
    assert not (here / "m-2.npz").exists()


def test_a_checkpoint_that_was_asked_for_and_not_written_is_a_failure(here, monkeypatch):
    monkeypatch.setattr(checkpoint, "open_atomically", full_disk.refuse)
    assert main([*QUICK, "--epochs", "1", "--output", "m.npz", "--checkpoint", "run.ckpt"]) == 1
    assert (here / "m.npz").exists()


def test_another_run_s_checkpoint_is_replaced_when_told_to(here):
    run = [*QUICK, "--epochs", "1", "--output", "m.npz", "--checkpoint", "run.ckpt"]
    assert main([*run, "--seed", "1"]) == 0
    assert main([*run, "--seed", "2"]) == 1
    assert load_checkpoint(here / "run.ckpt").settings.seed == 1
    assert main([*run, "--seed", "2", "--overwrite"]) == 0
    assert load_checkpoint(here / "run.ckpt").settings.seed == 2


ENDINGS = [name for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


@pytest.mark.parametrize("name", ENDINGS)
def test_what_ends_a_program_ends_the_run_as_ctrl_c_does(name, here, at_first, capsys):
    number = getattr(signal, name)
    reached = []

    def survive(_number, _frame):
        reached.append("the test's own handler: without it, the tests would end here")

    before = signal.signal(number, survive)
    try:
        # Twice: systems that shut down send more than one.
        at_first(events.EpochFinished, lambda: [signal.raise_signal(number) for _ in "12"])
        assert main([*QUICK, "--epochs", "50", "--output", "m.npz"]) == 130
        assert signal.getsignal(number) is survive
    finally:
        signal.signal(number, before)
    assert not reached
    assert "saved in m.npz" in capsys.readouterr().out
    assert load_trained(here / "m.npz").metadata["epochs"] == 1


@pytest.mark.skipif(os.name == "nt", reason="nohup is POSIX's")
def test_a_signal_that_is_ignored_stays_so(here, at_first):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        at_first(events.EpochFinished, lambda: signal.raise_signal(signal.SIGHUP))
        assert main([*QUICK, "--epochs", "2", "--output", "m.npz"]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert load_trained(here / "m.npz").metadata["epochs"] == 2


class Full(io.StringIO):
    """A stream on a disk that is full."""

    write = full_disk.refuse_bytes


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("broken", [Full(), None])
def test_output_that_fails_costs_no_network(stream, broken, here, monkeypatch, at_first, capsys):
    if stream == "stderr":
        # Something to say there.
        at_first(events.Started, lambda: print("a warning", file=sys.stderr))
    monkeypatch.setattr(sys, stream, broken)
    assert main([*QUICK, "--epochs", "2", "--output", "m.npz"]) == 1
    assert load_trained(here / "m.npz").metadata["epochs"] == 2
    if stream == "stdout":
        assert "Cannot write to standard output" in capsys.readouterr().err


COMMAND = [sys.executable, "-m", "mnist_draw"]


def shell(script):
    return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has this device")
@pytest.mark.parametrize("redirection", ["> /dev/full", "| head -1"])
def test_output_of_a_real_process_that_fails(redirection, here):
    train = " ".join([*COMMAND, *QUICK, "--epochs", "2", "--output", "m.npz"])
    done = shell(f"({train}; echo $? > status) {redirection}")
    assert load_trained(here / "m.npz").metadata["epochs"] == 2
    assert (here / "status").read_text().strip() == "1"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has this device")
@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("train --help > /dev/full", ""),
        ("predict none.png 2> /dev/full", ""),
        ("predict --model none.npz none.png > /dev/full", "There is no file"),
    ],
)
def test_commands_whose_output_fails_say_so_by_their_status(command, told, here):
    done = shell(" ".join([*COMMAND, command]))
    assert done.returncode == 1
    assert told in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "Something went wrong" not in done.stderr


@pytest.mark.slow
@pytest.mark.process
def test_a_run_that_was_killed_is_listed_with_its_epochs_and_where_it_goes_on(here, capsys):
    elsewhere = here / "my run.ckpt"
    arguments = [*QUICK, "--epochs", "1000", "--output", "m.npz", "--checkpoint", elsewhere.name]
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        said = re.compile(r"Epoch (\d+) is saved in my run\.ckpt\.$")
        saved = next(filter(None, map(said.match, process.stdout)))
        process.kill()
    # An epoch that is said to be saved survives a kill.
    assert load_checkpoint(elsewhere).epoch >= int(saved[1])
    [run] = run_list.list_runs()[0]
    assert run.epochs_done >= int(saved[1])
    assert len(record.load_history(run).epochs) >= run.epochs_done
    assert run.checkpoint_elsewhere == str(elsewhere.resolve())
    assert main(["runs"]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert f"{run.epochs_done} of 1000" in line
    assert f"{100 * run.figures['validation_accuracy']:.2f}%" in line
    assert main(["runs"]) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    assert f"mnist-draw train --resume {shlex.quote(str(elsewhere.resolve()))}" in told
    assert main(["runs", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["state"], found["epochs_done"]) == ("interrupted", run.epochs_done)
    assert found["checkpoint_elsewhere"] == str(elsewhere.resolve())
    # It goes on as what it was in the list.
    more = run.epochs_done + 2
    assert main(["train", "--resume", elsewhere.name, "--epochs", str(more)]) == 0
    assert [one.epochs_done for one in run_list.list_runs()[0]] == [more]
    capsys.readouterr()
    # A file that is gone leads nowhere.
    elsewhere.unlink()
    assert main(["runs"]) == 0
    assert "--resume" not in capsys.readouterr().out


@pytest.mark.parametrize("output", [[], ["--output", "model.npz"]])
def test_what_is_missing_under_runs_alone_is_told_and_is_no_failure(
    here,
    at_first,
    output,
    capsys,
    monkeypatch,
):
    def fill():
        monkeypatch.setattr(record, "write_atomically", full_disk.refuse)
        monkeypatch.setattr(run_session, "save_model", full_disk.refuse)

    at_first(events.Testing, fill)
    assert main([*QUICK, "--epochs", "1", *output]) == 0
    out, err = capsys.readouterr()
    assert "saved in model.npz" in out
    assert "no network" in err
    assert "does not know that" in err
    assert load_trained(here / "model.npz").metadata["epochs"] == 1


def test_where_output_is_full_the_network_is_in_the_home(here, monkeypatch, capsys):
    save = train_run.save_model
    home = here / "own data" / "networks"
    home.mkdir()

    def save_at_home(path, model):
        (save if path.parent == home else full_disk.refuse)(path, model)

    for module in (train_run, stored_network):
        monkeypatch.setattr(module, "save_model", save_at_home)
    (home / "model.npz").write_bytes(b"another one")
    before = {path for path in here.rglob("*") if path.is_file()}
    assert main([*QUICK, "--epochs", "1", "--output", "m.npz"]) == 1
    out, err = capsys.readouterr()
    assert "disk is full" in err
    kept = home / "model-2.npz"
    assert f"saved in {kept}" in out
    assert load_trained(kept).metadata["epochs"] == 1
    # What could not be filled does not stay behind either.
    assert {path for path in here.rglob("*") if path.is_file()} - before == {kept}


def test_no_epochs_less_than_learned_and_a_finished_run_is_told(here, capsys):
    assert main([*QUICK, "--epochs", "2", "--output", "m.npz", "--checkpoint", "run.ckpt"]) == 0
    capsys.readouterr()
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    assert main(["train", "--resume", "run.ckpt", "--epochs", "1"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "1 is less" in err
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before
    assert len(run_list.list_runs()[0]) == 1
    assert main(["train", "--resume", "run.ckpt", "--output", "m.npz"]) == 0
    assert "2 of 2" in capsys.readouterr().out
    # Nothing was learned that the list lacks.
    (run,) = run_list.list_runs()[0]
    # Killed before its last record, it is not offered for continuation any more.
    record.save_record(replace(run, state="running"))
    assert main(["train", "--resume", "run.ckpt", "--output", "m.npz"]) == 0
    assert [run.state for run in run_list.list_runs()[0]] == ["completed"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--no-run"], "The network could not be saved anywhere. What was learned is lost."),
        (
            ["--no-run", "--checkpoint", "run.ckpt"],
            "What was learned up to epoch 1 is kept in run.ckpt. Continue with: "
            "mnist-draw train --resume run.ckpt",
        ),
        ([], "The Library still has it, in "),
    ],
)
def test_where_no_place_takes_the_network_what_is_lost_and_kept_is_said(
    options,
    told,
    monkeypatch,
    capsys,
):
    for module in (train_run, stored_network):
        monkeypatch.setattr(module, "save_model", full_disk.refuse)
    assert main([*QUICK, "--epochs", "1", *options]) == 1
    err = capsys.readouterr().err.splitlines()
    assert "Could not write" in err[0]
    assert "not be saved anywhere" in err[-1]
    assert told in err[-1]
    assert ("lost" in err[-1]) == (options == ["--no-run"])


@pytest.mark.skipif(os.name == "nt", reason="no file can have that name there")
@pytest.mark.parametrize("name", ["a\nb.npz", "a\u202eb.npz", "-m.npz", "my net.npz"])
@pytest.mark.parametrize("listed", [True, False])
def test_the_command_that_is_suggested_works(here, name, listed, capsys):
    Image.new("L", (28, 28)).save(here / "x.png")
    options = [] if listed else ["--no-run"]
    assert main([*QUICK, "--epochs", "1", f"--output={name}", *options]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert f" is saved in {one_line(name)}." in said
    _, suggested, command = said.partition(" Try it: mnist-draw predict IMAGE ")
    assert bool(suggested) == (listed or name.isprintable())
    if suggested:
        assert main(["predict", "x.png", *shlex.split(command)]) == 0
