"""``python -m mnist_draw`` is ``mnist-draw``.

It chooses the language, since tables of sentences are translated when they are imported. Imports
happen inside `main`, so that Ctrl-C during them ends in a word, too.
"""

from __future__ import annotations

import _thread
import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def main() -> int:
    """Run the command of the process's arguments and return its exit status."""
    sys.unraisablehook = _interrupt_again
    if _opens_window(sys.argv[1:]):
        # Before NumPy is loaded. OpenBLAS joins its threads before the window starts a process, and
        # may wait for ever then; what trains limits it to one thread all the same.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from mnist_draw import i18n

        i18n.use(i18n.best_of(wanted_languages(sys.argv[1:])) or "en")
        from mnist_draw.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        print("mnist-draw: Interrupted.", file=sys.stderr)
        return 130


def _opens_window(arguments: list[str]) -> bool:
    return not any(word.isalpha() for word in arguments[:1])


def _interrupt_again(ignored: sys.UnraisableHookArgs) -> None:
    """Deliver Ctrl-C once more where Python drops it: in callbacks of imports and of garbage."""
    if ignored.exc_type is KeyboardInterrupt:
        # Not now: it would be dropped in here, too.
        again = threading.Timer(0.05, _thread.interrupt_main)
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(ignored)


def wanted_languages(arguments: list[str]) -> Iterator[str]:
    """Yield tags of languages, the first choice first: ``--lang``, lesson, preferences, system.

    What a program reads is in English. A command asks neither lesson nor preferences: these are
    the window's.
    """
    from mnist_draw import i18n

    # What follows a script is its own.
    scripts = (n for n, word in enumerate(arguments) if word == "script" or word.endswith(".py"))
    arguments = arguments[: next(scripts, None)]
    if "--json" in arguments or "--csv" in arguments:
        yield "en"
    yield _option(arguments, "--lang")
    if _opens_window(arguments):
        yield from _languages_of_the_window(_option(arguments, "--config"))
    yield from i18n.system_languages()


def _option(arguments: list[str], name: str) -> str:
    """Return the value in ``--name VALUE`` or ``--name=VALUE``, or an empty text."""
    for place, word in enumerate(arguments):
        if word == name:
            return "".join(arguments[place + 1 : place + 2])
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def _languages_of_the_window(lesson: str) -> Iterator[str]:
    """Yield what the files ask for; what cannot be read is reported by those who read all of it."""
    import contextlib
    import tomllib

    from mnist_draw.errors import UserError
    from mnist_draw.i18n import PREFERENCE
    from mnist_draw.storage.folders import config_folder
    from mnist_draw.storage.opening import MEGABYTE, read_file
    from mnist_draw.storage.preferences import FILE_NAME, read_values

    unreadable = OSError, ValueError, RecursionError, UserError
    with contextlib.suppress(*unreadable):
        if lesson:
            yield str(tomllib.loads(read_file(lesson, MEGABYTE).decode()).get("language", ""))
    with contextlib.suppress(*unreadable):
        yield str(read_values(config_folder() / FILE_NAME).get(PREFERENCE, ""))


if __name__ == "__main__":
    sys.exit(main())
