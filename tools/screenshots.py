"""Draw the pictures of README and docs anew: open the window, draw, train, save what it shows.

python tools/screenshots.py [NAME ...]    # in some minutes; on a screen of 1366 by 768 pixels
python tools/screenshots.py --quick       # one picture, which is not kept
"""

import itertools
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
#: Of each stroke of a digit the points that lead it, in a box of 100 by 160.
DIGITS = {
    "1": ["50,0 51,80 52,160"],
    "3": ["10,28 35,-14 112,-4 96,62 30,74 112,78 118,164 42,178 4,138"],
    "4": ["40,0 5,95 30,98 105,92", "75,35 72,100 68,165"],
    "7": ["0,3 85,-3 105,0 90,25 40,160"],
    "9": ["95,30 55,-20 -10,30 20,95 95,60 95,10 92,60 80,165"],
}


def strokes(digits):
    """Yield the strokes of digits beside each other, smooth, on a board of 600 by 600."""
    size = 2.2 if len(digits) == 1 else 1.4
    for place, points in ((n, each) for n, digit in enumerate(digits) for each in DIGITS[digit]):
        line = [complex(*map(float, point.split(","))) for point in points.split()]
        for _ in range(5):
            cut = [(3 * a + b, a + 3 * b) for a, b in itertools.pairwise(line)]
            line = [line[0], *(point / 4 for pair in cut for point in pair), line[-1]]
        left = 300 + size * (140 * place - 70 * len(digits) + 20)
        yield [(left + size * point.real, 300 + size * (point.imag - 80)) for point in line]


def photograph(path):
    """Take a picture: its name says what it shows, and its colors or its language."""
    scene, __, way = path.stem.rpartition("_")
    from mnist_draw import i18n

    i18n.use({"german": "de", "chinese": "zh_CN"}.get(way, "en"))
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QApplication

    from mnist_draw.app.shell.window import Window
    from mnist_draw.training.presets import PRESETS

    app, window, shots = QApplication(["mnist-draw"]), Window(), []
    canvas, train_tab = window.draw_tab.canvas, window.train_tab

    def take(after):
        QTest.qWait(after)
        window.grab().save("shot.png")
        shot = Image.open("shot.png").convert("RGB")
        shot = shot if scene else shot.resize((683, 364))
        shots.append(shot.quantize(96, dither=Image.Dither.NONE))

    window.setGeometry(0, 0, 1366, 728)
    window.show()
    window.start()
    window.view.choose_theme("dark" if way == "dark" else "light")
    QTest.qWait(4000)
    if path.stem in ("number_light", "inside_network_light"):
        window.network.use_key("shipped:mlp")
    for digits in {"number": ["317"]}.get(scene, "3"):
        canvas.clear()
        for stroke in strokes(digits):
            for part in range(1, 15) if not scene else ():
                canvas.add_stroke(stroke[: part * len(stroke) // 15])
                take(400)
                canvas.undo()
            canvas.add_stroke(stroke)
        QTest.qWait(2000)
    tutorial = PRESETS["tutorial"].settings
    few = tutorial.replace(epochs=5, training_examples=2000)
    runs = {"library": [PRESETS["quick"].settings, few, tutorial], "train": [tutorial]}
    if scene.startswith("inside"):
        window.navigation.tabs.setCurrentWidget(window.inside_tab)
        window.inside_tab.open().open_section(scene.partition("_")[2])
    elif scene in runs:
        window.navigation.tabs.setCurrentWidget(train_tab)
        for settings in runs[scene] if way != "chinese" else ():
            train_tab.show_page("new")
            train_tab.settings.show_settings(settings)
            window.run.start()
            while window.training.running and (scene == "library" or window.state.run.epoch < 14):
                QTest.qWait(50)
    if scene == "library":
        window.navigation.show_library()
        for entry in window.network.entries:
            if entry.run is not None and not entry.run.settings.training_examples:
                train_tab.library.list.rows.toggle_tick(entry)
    # Inside counts at rest: what excites each unit, and how many of the validation are right.
    take({"inside": 25_000, "inside_network": 25_000, "inside_results": 70_000}.get(scene, 5000))
    more = {"append_images": shots[1:], "duration": [120] * 14 + [2000], "loop": 0}
    shots[0].save(path, optimize=True, **({} if scene else {"save_all": True, **more}))
    app.processEvents()
    os._exit(0)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    if "--quick" in sys.argv:
        with tempfile.TemporaryDirectory() as home:
            sys.path.append(str(ROOT / "benchmarks"))
            from homes import share_compiled_code

            share_compiled_code(Path(home))
            command = [sys.executable, Path(__file__).resolve(), Path(home, "draw_light.png")]
            environment = {**os.environ, "MNIST_DRAW_HOME": home}
            sys.exit(subprocess.run(command, check=False, cwd=home, env=environment).returncode)
    if "MNIST_DRAW_HOME" in os.environ and len(sys.argv) == 2:
        photograph(Path(sys.argv[1]))
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    texts = [page.read_text("utf-8") for page in pages]
    for name in sorted(set(re.findall(r"resources/screenshots/[\w.]+", "".join(texts)))):
        if len(sys.argv) == 1 or Path(name).stem in sys.argv:
            with tempfile.TemporaryDirectory() as home:
                command = [sys.executable, Path(__file__).resolve(), ROOT / name]
                environment = {**os.environ, "MNIST_DRAW_HOME": home}
                subprocess.run(command, check=True, cwd=home, env=environment)
