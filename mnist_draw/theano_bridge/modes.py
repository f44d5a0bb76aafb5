"""The two ways in which the program compiles its functions, on either engine."""

from __future__ import annotations

from typing import Any

from mnist_draw.theano_bridge.finder import installed_theano


def fast_mode() -> Any:
    """Return the mode for functions that are called thousands of times.

    Returns
    -------
    theano.compile.Mode or None
        None, Theano's own default, with the real Theano.
    """
    return None


def quick_mode() -> Any:
    """Return the mode for functions that must be ready at once: nothing is compiled.

    Returns
    -------
    theano.compile.Mode
        Theano's linker ``py`` with few rewrites.
    """
    import theano

    return theano.Mode(linker="py", optimizer="fast_compile")
