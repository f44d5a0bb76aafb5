"""The window as a class starts with it."""

import os
from typing import Any

import pytest
from made_networks import flat_model
from PyQt5.QtWidgets import QLabel

import mnist_draw.app
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.shell.lesson import TABS, LessonError, begin_lesson, read_lesson
from mnist_draw.cli.main import main
from mnist_draw.i18n import language
from mnist_draw.storage.folders import resource_path
from mnist_draw.storage.models import save_model
from mnist_draw.training.presets import PRESETS

from .. import fakes

LESSON = """
language = "fr"
network = "ours.npz"
tabs = ["draw", "train"]
fixed = ["network"]
hidden = ["l2"]
[training]
network = "layers:100"
epochs = 5
"""


@pytest.fixture
def path(tmp_path):
    save_model(tmp_path / "ours.npz", flat_model("layers:4"))
    file = tmp_path / "class.toml"
    file.write_text(LESSON)
    return file


@pytest.mark.window
def test_the_window_begins_as_the_lesson_wants_it(shared, path, qtbot):
    window, panel = shared.window, shared.window.train_tab.settings
    assert tuple(page.name for page in window.navigation.pages) == TABS
    begin_lesson(window, read_lesson(str(path)))
    qtbot.waitUntil(lambda: window.state.answering_key == "opened:ours.npz")
    assert [window.navigation.tabs.isTabVisible(n) for n in range(3)] == [True, True, False]
    assert window.navigation.tabs.currentWidget() is window.draw_tab
    # Nothing leads to the tab Inside, which is not there.
    answer = window.draw_tab.answer
    answer.show_reading(fakes.reading(fakes.answer()))
    assert not answer.block.wrong.isHidden()
    assert answer.why_link.isHidden()
    (following,) = (c for c in window.findChildren(Command) if c.text() == "Next tab")
    following.trigger()
    assert window.navigation.tabs.currentWidget() is window.train_tab
    window.navigation.show_page("inside")
    assert window.navigation.tabs.currentWidget() is window.train_tab
    assert "this lesson" in shared.text("toastLabel")
    languages = window.view.languages
    assert not any(action.isEnabled() for action in languages.values())
    assert [code for code, action in languages.items() if action.isChecked()] == [language()]
    assert panel.settings().epochs == 5
    assert panel.fields["epochs"].widget.isEnabled()
    assert panel.fields["l2"].isHidden()
    # No card offers another kind of network than the fixed one.
    cards = window.train_tab.new_run.cards.cards
    assert [name for name, card in cards.items() if card.isEnabled()] == ["tutorial"]
    assert not cards["cnn"].expectation.time.strip("–")
    assert "lesson" in cards["cnn"].changes
    window.train_tab.show_drawer(True)
    note = window.train_tab.drawer.findChild(QLabel, "liveNote")
    assert "lesson" in note.text()
    assert not note.isHidden()
    for preset in PRESETS.values():
        panel.choose_preset(preset)
    assert panel.settings().network == "layers:100"
    assert not panel.state.differences
    panel.set_running(True)
    panel.set_running(False)
    assert not panel.fields["network"].widget.isEnabled()
    path.write_text(LESSON.replace('"draw", "train"', '"train", "draw"'))
    window.navigation.tabs.setCurrentWidget(window.draw_tab)
    begin_lesson(window, read_lesson(str(path)))
    assert window.navigation.tabs.currentWidget() is window.train_tab


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hidden = ['nosuch']", "hidden names 'nosuch', which is not there; of "),
        ("tabs = ['drew']", "did you mean draw? No window was opened."),
        ("tabs = 'draw'", "tabs is 'draw'; it must be a list of names, such as ['draw']"),
        ("tabs = []", "tabs is empty; leave it out, or name some of draw, train, inside."),
        ("[training]\ndata_folder = '../nope'", "data_folder is {beside}nope, which is not there"),
        ("[training]\nstart_model = 'no.npz'", "start_model is {here}no.npz, which is not there."),
        ("network = '../no.npz'", "network is {beside}no.npz, which is not there."),
        ('network = "a\\u0000b"', "'a\\x00b' is no name of a file"),
        ('[training]\nstart_model = "\\u0000"', "'\\x00' is no name of a file"),
        (f'[training]\nstart_model = "{"a" * 5_000}"', "a' is no name of a file"),
        ("fixed = ['epoch']", "did you mean epochs?"),
        ("netwerk = 'x.npz'", "there is no entry 'netwerk'; did you mean network?"),
        ("language = 'klingon'", "language is 'klingon'; it must be one of en, de, es"),
        ("network = 3", "network is 3; it must be the name of a file"),
        ("training = 1", "[training] must be a table of settings"),
        ("[training]\nepochs = 0", "The setting epochs is 0"),
        ("tabs = [", "not a TOML file (line 1, column 9: “Invalid value”). No window was opened."),
        ("tabs = ['draw']\ntabs = 1", "(line 2, column 9: “Cannot overwrite a value”). No"),
        ("a = " + "[" * 100_000, "class.toml cannot be used: it is nested too deeply. No window"),
        ("a = " + "9" * 5_000, "cannot be used: a number in it has too many digits. No window"),
        ("fixed = 0x" + "f" * 5_000, "cannot be used: a number in it has too many digits."),
        (
            "a = '\N{LATIN SMALL LETTER E WITH ACUTE}'",
            "cannot be used: it is no text in UTF-8. No w",
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path, text, words, capsys):
    file = tmp_path / "class.toml"
    file.write_text(text, encoding="latin-1")
    assert main(["--config", str(file)]) == 1
    told = capsys.readouterr().err
    here, beside = (f"{folder.resolve()}{os.sep}" for folder in (tmp_path, tmp_path.parent))
    assert words.replace("{here}", here).replace("{beside}", beside) in told
    assert "window was opened" in told


@pytest.mark.window
def test_a_network_goes_by_its_name(shared, path, qtbot):
    path.write_text('network = "mlp"')
    begin_lesson(shared.window, read_lesson(str(path)))
    qtbot.waitUntil(lambda: shared.window.state.answering_key == "shipped:mlp")


def test_a_network_to_start_from_goes_by_its_name(path):
    path.write_text("[training]\nnetwork = 'deep_cnn'\nstart_model = 'best'")
    settings = read_lesson(str(path)).settings
    assert settings is not None
    assert settings.start_model == str(resource_path("models", "best.npz"))
    # A file beside the lesson's comes first.
    path.with_name("best").write_bytes(path.with_name("ours.npz").read_bytes())
    settings = read_lesson(str(path)).settings
    assert settings is not None
    assert settings.start_model == str(path.with_name("best").resolve())
    path.write_text("[training]\nstart_model = 'bset'")
    with pytest.raises(LessonError, match="no file and no network 'bset'; did you mean best"):
        read_lesson(str(path))
    with pytest.raises(LessonError, match="There is no file"):
        read_lesson(str(path.with_name("none.toml")))


def test_the_command_hands_it_over(path, monkeypatch):
    opened: list[Any] = []
    monkeypatch.setattr(mnist_draw.app, "main", lambda **how: opened.append(how) or 0)
    assert main(["--config", str(path)]) == 0
    assert opened[0]["lesson"].fixed == {"network"}
    assert main(["--config", str(path), "runs"]) == 2
