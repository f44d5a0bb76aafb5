"""The two ways in which the program compiles its functions, on either engine."""

from __future__ import annotations

from typing import Any

from mnist_draw.theano_bridge.finder import installed_theano


def fast_mode() -> Any:
    """Return the mode for functions that are called thousands of times.

    Returns
    -------
    theano.compile.Mode or None
        On PyTensor a mode whose linker is `mnist_draw.theano_bridge.native`; with the real
        Theano None, its own default.
    """
    if installed_theano():
        return None
    import theano

    from mnist_draw.theano_bridge.native.linker import NativeLinker

    return theano.Mode(linker=NativeLinker(), optimizer="fast_run")


def quick_mode() -> Any:
    """Return the mode for functions that must be ready at once.

    Returns
    -------
    theano.compile.Mode
        With PyTensor that of `fast_mode`, whose linker needs a fraction of a second; with the
        real Theano, whose compiler needs many, the linker ``py``, which compiles nothing.
    """
    if not installed_theano():
        return fast_mode()
    import theano

    return theano.Mode(linker="py", optimizer="fast_compile")
