"""From the command to the window: display, libraries, what is imported, the end, crashes."""

import os
import sys
from importlib import metadata
from pathlib import Path

import pytest
from qtpy.QtCore import QLocale, QProcess, QRect
from qtpy.QtGui import QFontDatabase
from qtpy.QtWidgets import QDialogButtonBox, QWidget

from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.layout import fitted
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.shell import help, language, startup, view
from mnist_draw.app.shell.help import about_page, libraries
from mnist_draw.cli.main import COMMANDS
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.run import Run

from ..conftest import run_python


@pytest.mark.process
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X is Linux's")
@pytest.mark.parametrize(
    ("environment", "before"),
    [
        ({}, ""),
        ({"DISPLAY": ":4711"}, ""),
        ({"QT_QPA_PLATFORM": "hologram"}, ""),
        ({}, "sys.modules['qtpy.QtWidgets'] = None; "),
    ],
    ids=["no display", "silent display", "unknown platform", "missing library"],
)
def test_where_no_window_can_open_one_sentence_says_so(tmp_path, monkeypatch, environment, before):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    code = f"import sys; {before}from mnist_draw.app import main; sys.exit(main())"
    done = run_python(code, tmp_path, **environment)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("No window can open here")
    assert "https://doc.qt.io" in line
    log = (tmp_path / "data" / "log" / "mnist_draw.log").read_text(encoding="utf-8")
    assert "Qt cannot" in log or "platform plugin" in log


def ended_by(home, name, before="pass"):
    """Open the window, close it by a signal or by its button, and return how that ended."""
    if name and os.name == "nt":
        pytest.skip("signals to another process")
    close = f"lambda: os.kill(os.getpid(), signal.{name})" if name else "self.close"
    return opened(home, f"{before}\n    QTimer.singleShot(300, {close})")


def opened(home, started, *arguments):
    """Open the window with arguments, run code when it has started, and return how it ended."""
    code = (
        "import os, signal, sys\n"
        "from qtpy.QtCore import QTimer\n"
        "from mnist_draw import i18n\n"
        "from mnist_draw.__main__ import main\n"
        "import mnist_draw.app.shell.window as w\n"
        "import mnist_draw.app.draw.recognition as r\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "import fakes\n"
        "w.Recognition = lambda first, parent, **_: r.Recognition("
        "fakes.model, parent, fakes.Recogniser)\n"
        "start = w.Window.start\n"
        "def started(self):\n"
        "    start(self)\n"
        f"    {started}\n"
        "w.Window.start = started\n"
        "sys.exit(main())\n"
    )
    return run_python(code, home, *arguments)


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("name", ["", "SIGINT", "SIGHUP"])
def test_the_window_opens_and_closes_with_status_0(tmp_path, name):
    """By its button, by Ctrl-C in the terminal and by closing the terminal."""
    done = ended_by(tmp_path, name)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


TOLD = """
    from mnist_draw.storage.folders import data_folder
    def tell():
        (data_folder() / "kept").touch()
        print(self.toast.label.text())
        self.close()
    QTimer.singleShot(300, tell)
"""


@pytest.mark.process
@pytest.mark.slow
def test_a_home_that_cannot_be_written_is_replaced_and_told_once(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "temporary").mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path / "temporary"))
    done = opened(tmp_path / "file", TOLD)
    assert (done.returncode, done.stderr) == (0, "")
    (place,) = (tmp_path / "temporary").glob("mnist_draw-*")
    assert f"kept in {place}" in done.stdout.replace("\u200b", "")
    assert (place / "data" / "kept").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no folder that is in use.")
def test_a_home_in_a_folder_that_is_gone_is_replaced(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.setenv("MNIST_DRAW_HOME", "home")
    monkeypatch.setattr(startup.tempfile, "tempdir", str(tmp_path))
    told = []
    monkeypatch.setattr(startup.reporter, "report", told.append)
    startup.use_writable_home()
    assert str(told[0]).startswith("Cannot write to home: ")
    assert Path(os.environ["MNIST_DRAW_HOME"]).parent == tmp_path


@pytest.mark.process
@pytest.mark.slow
def test_a_network_that_is_lost_is_no_success(tmp_path):
    lose = (
        "import mnist_draw.app.shell.shutdown as u; u.save_fallback = lambda model: None; "
        "self.shutdown.unsaved['run:1'] = fakes.model()"
    )
    done = ended_by(tmp_path, "SIGTERM", lose)
    assert done.returncode == 1
    assert "is lost" in done.stderr


AT_THE_END = """
    import atexit, threading, time, weakref
    from qtpy import sip
    from mnist_draw.app.kit.threads import Background
    freed, closing = [], threading.Event()
    class Ring:
        def __init__(self):
            self.itself = self
            weakref.finalize(self, lambda: freed.append(threading.current_thread().name))
    def begun_at_the_end():
        time.sleep(0.2)
        print("done", freed, flush=True)
    def work():
        closing.wait()
        for _ in range(20_000):
            Ring()
        Background().run(begun_at_the_end)
    Background(leave=closing.set).run(work)
    threading.Thread(target=threading.Event().wait).start()
    atexit.register(lambda: print("window deleted", sip.isdeleted(self)))
    QTimer.singleShot(300, self.close)
"""


@pytest.mark.process
@pytest.mark.slow
def test_the_end_waits_for_the_programs_threads_alone_and_nothing_is_collected_in_them(tmp_path):
    done = opened(tmp_path, AT_THE_END)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["done []", "window deleted True"]


@pytest.mark.parametrize(
    ("system", "ticked"),
    [("de_AT", "Same as the system"), ("fr_FR", "Deutsch")],
)
def test_the_menu_ticks_the_language_that_is_spoken(qtbot, monkeypatch, system, ticked):
    monkeypatch.setattr(view, "language", lambda: "de")
    monkeypatch.setattr(view, "system_languages", lambda: iter([system]))
    window = QWidget()
    qtbot.addWidget(window)
    button = view.ViewButton(window, Preferences())
    entries = button.languages.values()
    assert [entry.text() for entry in entries if entry.isChecked()] == [ticked]
    # The menu itself is short.
    assert len(button.menu().actions()) == 5


@pytest.mark.parametrize("code", ["de", "es", "fr", "it", "pt", "zh_CN"])
def test_qt_speaks_the_language_too(qapp, code, monkeypatch):
    monkeypatch.setattr(language, "language", lambda: code)
    before = QLocale()
    translator = language.speak_language()
    try:
        assert QLocale().name().startswith(code)
        if sys.platform == "win32" and translator.isEmpty():
            pytest.skip("Qt 5.15.2, the last that PyQt5 brings for Windows, lacks this language")
        box = QDialogButtonBox(QDialogButtonBox.Cancel)
        assert "Cancel" not in box.button(QDialogButtonBox.Cancel).text().split()
    finally:
        qapp.removeTranslator(translator)
        QLocale.setDefault(before)


def test_a_system_without_chinese_characters_is_told_so(monkeypatch, capsys):
    told: list[str] = []
    monkeypatch.setattr(Notifier, "problem", lambda _, sentence: told.append(sentence))
    monkeypatch.setattr(
        QFontDatabase,
        "families",
        lambda *given: [] if QFontDatabase.SimplifiedChinese in given else ["Any"],
    )
    startup.report_missing_font()
    assert not told
    monkeypatch.setattr(startup, "language", lambda: "zh_CN")
    startup.report_missing_font()
    assert told[0] in capsys.readouterr().err


def test_a_system_without_any_font_is_told_so_on_the_terminal(monkeypatch, capsys):
    monkeypatch.setattr(QFontDatabase, "families", lambda *_: [])
    startup.report_missing_font()
    assert "no font" in capsys.readouterr().err


CRASH = """
import faulthandler, sys
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.shell import startup, view
report = startup.report_crash()
if report is not None:
    print(report)
    sys.exit(0)
reporter.install()
for number in range(300):
    reporter.note(f"command number {number}")
faulthandler._sigsegv()
"""


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="a crash as POSIX has it")
def test_the_next_start_finds_a_report_of_a_crash_once(tmp_path):
    assert run_python(CRASH, tmp_path).returncode < 0
    report = Path(run_python(CRASH, tmp_path).stdout.strip()).read_text(encoding="utf-8")
    assert "Segmentation fault" in report
    assert "command number 299" in report
    assert "command number 1\n" not in report
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]}" in report
    assert str(tmp_path) not in report
    assert str(Path.home()) not in report
    # A start after a start that went well finds nothing.
    assert run_python(CRASH, tmp_path).returncode < 0


def test_no_crash_no_report(own_home):
    assert startup.report_crash() is None


def test_about_announces_no_libraries_where_none_are_known(monkeypatch):
    assert ", with:" in about_page() or not libraries()
    monkeypatch.setattr(help, "libraries", list)
    assert ", with:" not in about_page()


def test_every_library_has_a_version_and_a_licence():
    try:
        metadata.distribution("mnist_draw")
    except metadata.PackageNotFoundError:
        pytest.skip("the program is run from its folder, and names no libraries")
    found = libraries()
    assert {"PyQt5", "PyQt6"} & {name for name, _, _ in found}
    for name, version, licence in found:
        assert version, name
        assert 0 < len(licence) < 80, name


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (QRect(100, 100, 800, 600), QRect(100, 100, 800, 600)),
        (QRect(1300, 700, 800, 600), QRect(566, 168, 800, 600)),
        (QRect(-500, -40, 800, 600), QRect(0, 20, 800, 600)),
        (QRect(1920, 0, 1920, 1080), QRect(0, 20, 1366, 748)),
    ],
)
def test_a_restored_window_lies_on_the_screen(wanted, given):
    assert fitted(wanted, QRect(0, 20, 1366, 748)) == given


#: Starts the program, draws a 1, and waits until there is nothing more to do.
LIFE = """
import sys, threading, time
from qtpy.QtCore import QEventLoop, QTimer
from qtpy.QtWidgets import QApplication

class Watch:
    seen = []
    def find_spec(self, name, path=None, target=None):
        in_gui_thread = threading.current_thread() is threading.main_thread()
        if name.startswith(("PyQt5.Qt", "PyQt6.Qt")) and not in_gui_thread:
            self.seen.append(name)

sys.meta_path.insert(0, Watch())
from mnist_draw.__main__ import main

# Figures about layers are shown in the Train tab.
light = {"mnist_draw.app.inside.inside_tab", "mnist_draw.analysis",
         "mnist_draw.analysis.layer_inspection"}
heavy = {"theano", "lasagne", "pytensor", "numba", "scipy", "pyqtgraph", "llvmlite"}

def wait(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec_()

def live():
    # The window is visible.
    print(sorted(heavy & set(sys.modules)))
    print([name for name in sys.modules if name.startswith(("mnist_draw.analysis",
           "mnist_draw.app.inside.")) and name not in light])
    import numpy, threadpoolctl
    pools = threadpoolctl.threadpool_info()
    blas = {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}
    window = next(each for each in QApplication.topLevelWidgets() if hasattr(each, "draw_tab"))
    tab = window.draw_tab
    tab.canvas.add_stroke([(300, 150), (300, 450)])
    while tab.answer.certainty is None:
        wait(50)
    spent = 1.0
    # Compiling and a measurement of this computer follow; then nothing is to be done.
    for _ in range(60):
        before = time.process_time()
        wait(1000)
        spent = time.process_time() - before
        if spent < 0.05:
            break
    print(f"{spent:.3f}", tab.answer.certainty.text)
    cards = window.train_tab.loss, window.train_tab.accuracy
    print(all(card.plot is not None for card in cards), Watch.seen)
    print(blas)
    QApplication.quit()
    return 0

QApplication.exec_ = staticmethod(live)
sys.argv = ["mnist-draw"]
main()
"""


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """Return what the program said of its life, and its errors."""
    done = run_python(LIFE, tmp_path_factory.mktemp("home"))
    return [*done.stdout.splitlines(), "", "", "", "", ""], done.stderr


@pytest.mark.process
@pytest.mark.slow
def test_nothing_heavy_is_imported_before_the_window_is_visible(life):
    assert life[0][:2] == ["[]", "[]"], life[1]


@pytest.mark.process
@pytest.mark.slow
def test_after_an_answer_the_program_comes_to_rest(life):
    """What spins would take the processor from what is drawn next, and from other programs."""
    spent, answer = life[0][2].split()
    assert answer == "1", life[1]
    assert float(spent) < 0.05


@pytest.mark.process
@pytest.mark.slow
def test_modules_of_qt_are_loaded_in_the_gui_thread_only(life):
    # PyQt changes what its conversions look up while a module is loaded: in another thread than
    # theirs, that has crashed one start in twenty.
    assert life[0][3] == "True []", life[1]


@pytest.mark.process
@pytest.mark.slow
def test_blas_has_no_threads_that_the_start_of_a_process_would_wait_for(life):
    """OpenBLAS joins its threads before each fork; some starts of the window waited for ever."""
    assert life[0][4] == "{1}", life[1]


@pytest.fixture
def window(qtbot, monkeypatch):
    """Return what has the state and the thread of a window for which all is still to compile."""
    window = QWidget()
    qtbot.addWidget(window)
    window.state = AppState()
    window.background = Background(window)
    monkeypatch.setattr(startup, "_AHEAD_MS", 0)
    monkeypatch.setattr("mnist_draw.analysis.compile_ahead.is_needed", lambda: True)
    return window


@pytest.mark.process
def test_a_run_that_begins_ends_what_compiles_ahead(window, qtbot):
    process = startup.compile_ahead(window)
    qtbot.waitUntil(lambda: process.state() == QProcess.Running)
    assert process.arguments() == ["-m", "mnist_draw.analysis.compile_ahead"]
    with qtbot.waitSignal(process.finished):
        window.state.set(run=Run(state="training"))
    assert process.exitStatus() == QProcess.CrashExit


def test_a_download_compiles_ahead_by_a_command_that_it_knows(window, qtbot, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(Path("absent", "mnist-draw")))
    process = startup.compile_ahead(window)
    qtbot.waitUntil(lambda: bool(process.arguments()))
    name, script = process.arguments()
    assert name in COMMANDS
    assert Path(script).name == "compile_ahead.py"
