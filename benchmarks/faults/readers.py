"""Everything that the program reads: for each kind a sound file, and the function that reads it."""

from __future__ import annotations

import gzip
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from faults import writers


@dataclass(frozen=True)
class Kind:
    """One kind of file: its name, a function that makes a sound one, and one that reads it.

    Reading a damaged file must end in a UserError. ``beside`` writes what it needs in its folder.
    """

    name: str
    sample: Callable[[], bytes]
    read: Callable[[Path], object]
    beside: Callable[[Path], object] = Path.exists


def written(writer: str, pattern: str) -> Callable[[], bytes]:
    """Return a function that has a file written and returns its bytes."""

    def sample() -> bytes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            writers.WRITERS[writer](folder, 1)
            return next(folder.rglob(pattern)).read_bytes()

    return sample


def picture(format_name: str, mode: str = "RGB", **options: object) -> Callable[[], bytes]:
    """Return a function that returns a small picture."""

    def sample() -> bytes:
        from PIL import Image

        content = io.BytesIO()
        pixels = np.full((40, 30, 3), 250, np.uint8)
        pixels[5:30, 12:16] = 20
        Image.fromarray(pixels).convert(mode).save(content, format_name, **options)
        return content.getvalue()

    return sample


def _model(path: Path) -> object:
    from mnist_draw.library.stored_network import load_trained

    return load_trained(path)


def _checkpoint(path: Path) -> object:
    from mnist_draw.training.checkpoint import load_checkpoint

    return load_checkpoint(path)


def _checkpoint_history(path: Path) -> object:
    return _checkpoint(path.with_suffix(""))


def _with_history(folder: Path) -> object:
    return writers.WRITERS["checkpoint"](folder, 1)


def _record(path: Path) -> object:
    from mnist_draw.training.record import read_run

    return read_run(path.parent)


def _history(path: Path) -> object:
    from mnist_draw.training.record import load_history, read_run
    from mnist_draw.training.run import RECORD, Run, Summary

    # A run that diverged in its first epoch has a history without one.
    kept = (path.parent / RECORD).exists()
    run = read_run(path.parent) if kept else Run(path.parent, summary=Summary(1))
    return load_history(run)


def _settings(path: Path) -> object:
    from mnist_draw.training.presets import load_settings

    return load_settings(path)


def _preferences(path: Path) -> object:
    from mnist_draw.storage.preferences import Preferences

    # It is put aside where it is damaged: the attack needs its name again.
    found = Preferences(path)
    found.set("seen", True)
    found.save()
    for aside in path.parent.glob("*.unreadable-*"):
        aside.unlink()
    return found


def _digit(path: Path) -> object:
    from mnist_draw.storage.my_digits import read_digit

    return read_digit(path)


def _idx(path: Path) -> object:
    from mnist_draw.dataset.sources.idx_files import read_idx

    return read_idx(path, dimensions=(3,))


def _board(path: Path) -> object:
    from mnist_draw.app.draw.drawing_files import read_drawing

    return read_drawing(path)


def _picture(path: Path) -> object:
    from mnist_draw.dataset.pictures.picture_file import load_picture

    return load_picture(path)


def _packed_idx() -> bytes:
    return written("IDX export", "train-images*")()


def _plain_idx() -> bytes:
    return gzip.decompress(written("IDX export", "train-images*")())


KINDS: dict[str, Kind] = {
    "model": Kind("model.npz", written("model", "model.npz"), _model),
    "checkpoint": Kind(
        "checkpoint.npz",
        written("checkpoint", "checkpoint.npz"),
        _checkpoint,
        _with_history,
    ),
    "checkpoint's history": Kind(
        "checkpoint.npz.history",
        written("checkpoint", "*.history"),
        _checkpoint_history,
        _with_history,
    ),
    "run record": Kind("run.json", written("run record", "run.json"), _record),
    "history": Kind("history.npz", written("history", "history.npz"), _history),
    "settings": Kind("settings.json", written("settings", "settings.json"), _settings),
    "preferences": Kind("preferences.json", written("preferences", "*.json"), _preferences),
    "taught digit": Kind("1-a.png", written("taught digit", "*.png"), _digit),
    "board": Kind("board.json", written("board", "board.json"), _board),
    "IDX": Kind("train-images-idx3-ubyte", _plain_idx, _idx),
    "IDX, packed": Kind("train-images-idx3-ubyte.gz", _packed_idx, _idx),
    "PNG": Kind("a.png", picture("PNG"), _picture),
    "PNG with palette": Kind("a.png", picture("PNG", "P"), _picture),
    "JPEG": Kind("a.jpg", picture("JPEG"), _picture),
    "BMP": Kind("a.bmp", picture("BMP"), _picture),
    "GIF": Kind("a.gif", picture("GIF"), _picture),
    "TIFF": Kind("a.tif", picture("TIFF"), _picture),
    "TIFF, deflated": Kind("a.tif", picture("TIFF", compression="tiff_deflate"), _picture),
    "WebP": Kind("a.webp", picture("WEBP"), _picture),
    "PNM": Kind("a.ppm", picture("PPM"), _picture),
}
