"""Standard output and standard error, which may be full, closed or without a reader."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO, cast
from unicodedata import east_asian_width

from mnist_draw.errors import UserError, one_line, reason_of
from mnist_draw.i18n import _
from mnist_draw.storage.opening import PathName

PROGRAM = "mnist-draw"
#: Codes of ECMA-48 that terminals read.
_LONE = re.compile(r"[\ud800-\udfff]")
_COLORS = {"red": "31", "green": "32", "yellow": "33"}


class OutputError(UserError):
    """Standard output takes no more."""


def echo(line: str, before: str = "") -> None:
    """Print a line that is the result of a command, flushed for readers at the end of a pipe."""
    _echo(before + one_line(line))


def echo_text(text: str) -> None:
    """Print a text of several lines, as `echo` prints each of them."""
    for line in text.rstrip("\n").split("\n"):
        echo(line)


def echo_record(record: str) -> None:
    """Print what a program reads as it is; only on a terminal, what that would obey is escaped."""
    shown = sys.stdout is not None and sys.stdout.isatty()
    _echo(one_line(record) if shown else record)


def json_line(values: object) -> str:
    r"""Return values as a JSON text of one line, in ASCII, that every reader of JSON takes."""
    text = json.dumps(values, ensure_ascii=False)
    lone = _LONE.sub(lambda found: rf"\\u{ord(found[0]):04x}", text)
    return json.dumps(json.loads(lone))


def typed(path: PathName) -> str:
    """Quote a file name for a shell; return an empty text if it is not printable."""
    name = os.fspath(path)
    if not name.isprintable():
        return ""
    return shlex.quote(f".{os.sep}{name}" if name.startswith("-") else name)


def _echo(text: str) -> None:
    if sys.stdout is None:
        raise OutputError(
            "Cannot write to standard output: {reason}.",
            reason=_("it is closed"),
        )
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise OutputError(
            "Cannot write to standard output: {reason}.",
            reason=reason_of(error),
        ) from error


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table: columns as wide as they must be, two spaces between them."""
    lines = [[one_line(cell) for cell in row] for row in (heading, *rows)]
    widths = [max(map(cells, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(map(padded, line, widths)).rstrip()


def padded(text: str, width: int) -> str:
    """Fill a text with spaces to a width in cells of a terminal."""
    return text + " " * (width - cells(text))


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes: Chinese characters take two."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)


def painted(text: str, color: str) -> str:
    """Return a text in a color where standard output is a terminal that wants any."""
    # https://no-color.org: set and not empty, it means what it says.
    unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if unwanted or sys.stdout is None or not sys.stdout.isatty():
        return text
    return f"\x1b[{_COLORS[color]}m{text}\x1b[0m"


def report(sentence: str) -> None:
    """Print a sentence for the user to standard error; one that takes none is no obstacle."""
    with contextlib.suppress(OSError, ValueError):
        print(f"{PROGRAM}: {one_line(sentence)}", file=sys.stderr, flush=True)


def prepare() -> None:
    """Make the standard streams safe to use; called once, before anything is printed.

    What the encoding lacks is escaped; closed descriptors are taken, so that no file gets them.
    """
    with contextlib.suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            with contextlib.suppress(OSError, ValueError):
                reconfigure(errors="backslashreplace")


def finish() -> bool:
    """Flush the output; return False where that fails, before Python reports it."""
    complete = True
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                complete = False
                _give_up(stream)
    return complete


class Lenient:
    """A stream whose work is not worth an error: what cannot be printed is left out."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = io.StringIO() if stream is None else stream
        self.failure = _("it is closed") if stream is None else ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _try(self, work: Callable[[], object]) -> None:
        if self.failure:
            return
        try:
            work()
        except (OSError, ValueError) as error:
            self.failure = reason_of(error)
            _give_up(self._stream)


@contextlib.contextmanager
def lenient_output() -> Iterator[tuple[Lenient, Lenient]]:
    """Let work go on whatever becomes of its output."""
    out = Lenient(sys.stdout)
    err = Lenient(sys.stderr)
    with (
        contextlib.redirect_stdout(cast(TextIO, out)),
        contextlib.redirect_stderr(cast(TextIO, err)),
    ):
        yield out, err


def _give_up(stream: TextIO) -> None:
    """Send what a stream holds and still gets to nowhere: it is flushed again at the exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    with contextlib.suppress(OSError, ValueError):
        stream.flush()
