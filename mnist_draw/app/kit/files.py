"""File dialogs, and collections of files: their commands, changes and followed folders.

All dialogs are read-only: Qt's own would move, rename and delete files and folders. A list follows
its folder, also if another window or program changes it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtCore import QDir, QEvent, QMimeData, QObject, QTimer, Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.i18n import _, counted, follows_language, joined
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.unique_paths import KEPT_DAYS, bring_back, numbered


@follows_language
def file_kind(title: str, *endings: str) -> str:
    """Return the filter of a dialog for files with some endings, each with its dot."""
    return f"{title} ({' '.join(f'*{ending}' for ending in endings)})"


#: The program's own files.
NETWORKS = file_kind(_("Trained networks"), ".npz")
SETTINGS = file_kind(_("Settings"), ".json")


#: Qt separates folders by slashes on Windows too.
native = QDir.toNativeSeparators


def without_dots(text: str) -> str:
    """Return the title of the dialog that a menu entry with an ellipsis opens."""
    return text.rstrip("… \xa0\u202f")


def ask_open(parent: QWidget | None, question: str, kinds: str) -> str:
    """Ask for a file to open; empty if the dialog is cancelled."""
    kind = QFileDialog.ReadOnly
    title = without_dots(question)
    return native(QFileDialog.getOpenFileName(parent, title, "", kinds, "", kind)[0])


def ask_several(parent: QWidget | None, question: str, folder: str, kinds: str) -> list[str]:
    kind = QFileDialog.ReadOnly
    title = without_dots(question)
    paths, __ = QFileDialog.getOpenFileNames(parent, title, folder, kinds, "", kind)
    return [native(path) for path in paths]


def ask_folder(parent: QWidget | None, question: str) -> str:
    kind = QFileDialog.ShowDirsOnly | QFileDialog.ReadOnly
    return native(QFileDialog.getExistingDirectory(parent, question, "", kind))


def ask_place(
    parent: QWidget | None,
    question: str,
    name: str,
    kinds: str,
    kind: str = "",
) -> tuple[str, str]:
    """Ask for a file to save to, of one kind at first; return it as typed, and its kind."""
    title = without_dots(question)
    asked = QFileDialog.getSaveFileName(parent, title, name, kinds, kind, QFileDialog.ReadOnly)
    path, chosen_kind = asked
    return native(path), chosen_kind


def ask_save(parent: QWidget | None, question: str, name: str, kinds: str) -> str:
    """Ask for a file to save to, proposing a name; empty if the dialog is cancelled.

    A name typed without an ending gets that of the proposed one, and then replaces nothing: the
    dialog has asked about another file.
    """
    path = ask_place(parent, question, name, kinds)[0]
    if not path or re.fullmatch(r"\.[A-Za-z][\w-]*", Path(path).suffix):
        return path
    whole = Path(path + Path(name).suffix)
    return str(next(free for free in numbered(whole) if not free.exists()))


def local_files(content: QMimeData) -> list[str]:
    """Return the files on this computer that were copied or dropped."""
    return [native(url.toLocalFile()) for url in content.urls() if url.isLocalFile()]


class CollectionController(QObject):
    """Run file operations in the background, report and refresh."""

    #: Name of a record at the beginning of a sentence.
    noun: str
    #: The subject of its messages, and the page that they concern.
    subject = of_page = ""

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.background = background.owned_by(self)
        self.notifier = Notifier(self.subject, self.of_page)

    def refresh(self) -> None:
        raise NotImplementedError

    def _failed(self, error: Exception) -> None:
        self.notifier.problem(reporter.sentence(error))
        self.refresh()

    def change(self, work: Callable[[], Any], finished: Callable[[Any], object]) -> None:
        """Change files, then call `finished` with the result; after an error only refresh."""
        self.background.run(work, finished, self._failed)

    def offer_undo(self, sentence: str, paths: Sequence[Path], restored: str) -> None:
        """Say what was deleted, and offer to bring it back."""
        days = counted(
            "This can be undone for {count} day.",
            "This can be undone for {count} days.",
            KEPT_DAYS,
        )
        self.notifier.undo(joined(sentence, days), partial(self.restore, paths, restored))

    def restore(self, paths: Sequence[Path], restored: str = "") -> None:
        """Bring back what was deleted, and say so."""

        def work() -> None:
            for path in paths:
                bring_back(path)

        def finished(__: None) -> None:
            # It takes the place of the offer to undo, which can be taken once only.
            self.notifier.message(restored or _("{name} is back.", name=self.noun))
            self.refresh()

        self.change(work, finished)

    def save(self, path: str | Path, pack: Callable[[], bytes]) -> None:
        self.background.run(
            lambda: write_atomically(path, pack()),
            lambda __: self.notifier.message(_("Saved {path}.", path=path)),
        )


#: While the list is in view its folder is looked at this often, in milliseconds.
FOLLOW_MS = 2_000


def modification_times(paths: Iterable[Path]) -> tuple[tuple[str, int], ...]:
    """Return files with their modification times in nanoseconds, without those that are gone."""
    times = []
    for path in paths:
        with contextlib.suppress(OSError):
            times.append((str(path), path.stat().st_mtime_ns))
    return tuple(times)


class FollowedFolder(QObject):
    """Reads a folder on request, and after each change while its page is in view."""

    listed = Signal(object)
    #: It is listed again: another window or program has changed something.
    changed = Signal()

    def __init__(
        self,
        background: Background,
        fingerprint: Callable[[], object],
        read: Callable[[], Any],
        page: QWidget,
        parent: QObject,
        is_edited: Callable[[], bool] = bool,
    ) -> None:
        super().__init__(parent)
        self._background = background.owned_by(self)
        self._fingerprint = fingerprint
        self._read = read
        self._page = page
        self._is_edited = is_edited
        self._seen: object = None
        self.reading = False
        self._timer = QTimer(self)
        self._timer.setInterval(FOLLOW_MS)
        self._timer.timeout.connect(self._check_folder)
        page.installEventFilter(self)

    def refresh(self) -> None:
        if self._page.isVisible():
            self._timer.start()
        self._look(None, reporter.report)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Hide:
            # The list is refreshed when it is shown again.
            self._timer.stop()
        return super().eventFilter(watched, event)

    def _check_folder(self) -> None:
        if not self.reading and not self._is_edited():
            # Opening the list reports what cannot be read.
            self._look(self._seen, lambda _: None)

    def _look(self, before: object, report: Callable[[Exception], object]) -> None:
        """Read the folder if it is not as before."""
        self.reading = True

        def read() -> tuple[object, Any]:
            seen = self._fingerprint()
            return seen, None if seen == before else self._read()

        def finished(found: tuple[object, Any]) -> None:
            self.reading = False
            seen, listed = found
            # The list may have been left meanwhile; what has changed is found again at its return.
            can_show = self._page.isVisible() and not self._is_edited()
            if before is None or (seen != self._seen and can_show):
                self._seen = seen
                self.listed.emit(listed)
                if before is not None:
                    self.changed.emit()

        def failed(error: Exception) -> None:
            self.reading = False
            report(error)

        self._background.run(read, finished, failed)
