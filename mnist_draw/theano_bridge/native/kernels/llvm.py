"""From LLVM's assembly to machine code in memory; the code is stored on disk for a later start.

A file is named by a hash of all that its content follows from, and begins with a hash of its name
and its content. Code from a file is run, so the folder must be the user's alone: where others could
write to it, nothing is read and nothing stored.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import logging
import os
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from mnist_draw.errors import UserError
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.folders import private_folder
from mnist_draw.storage.opening import MEGABYTE, read_file
from mnist_draw.system import c_library
from mnist_draw.theano_bridge.environment import cache_folder
from mnist_draw.theano_bridge.native.kernels.emitter import Function

#: How hard LLVM optimises.
_LEVEL = 2

_lock = threading.Lock()
#: Engines own the machine code; they live as long as the program.
_engines: list[Any] = []
_addresses: dict[str, int] = {}


def addresses_of(functions: Iterable[Function]) -> dict[str, int]:
    """Compile functions that are not compiled yet; each is a file of its own on disk."""
    wanted = {function.name: function for function in functions}
    with _lock:
        missing = [function for name, function in wanted.items() if name not in _addresses]
        if missing:
            engine = llvm.create_mcjit_compiler(_module(""), _machine()[0])
            # A deleted engine would delete the description of the processor too.
            _engines.append(engine)
            for function in missing:
                engine.add_object_file(llvm.ObjectFileRef.from_data(_code_of(function)))
            engine.finalize_object()
            for function in missing:
                _addresses[function.name] = engine.get_function_address(function.name)
        return {name: _addresses[name] for name in wanted}


def _code_of(function: Function) -> bytes:
    """Return machine code from the disk, or compile and store it."""
    assembly = "\n".join([*function.declarations, function.text])
    key = hashlib.sha256(f"{_machine()[1]}\n{assembly}".encode()).hexdigest()
    code = load_code(key)
    if code is None:
        code = _optimised(assembly)
        store_code(key, code)
    return code


def _optimised(assembly: str) -> bytes:
    """Return machine code.

    Engines make it too, and hand it out to a function that they call: what is raised in there,
    such as on Ctrl-C, would be lost.
    """
    machine, _ = _machine()
    module = _module(assembly)
    module.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=_LEVEL)
    tuning.loop_vectorization = True
    tuning.slp_vectorization = True
    # Unrolled, the kernels of a convolutional network take LLVM twice as long and run no faster:
    # their tiles are written out already. Those of dense layers run 2 % faster.
    tuning.loop_unrolling = "@convolution" not in assembly
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))


def _module(assembly: str) -> Any:
    machine, _ = _machine()
    module = llvm.parse_assembly(assembly)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    return module


@cache
def _machine() -> tuple[Any, str]:
    """Describe this processor, once; also in one line of text that no other has."""
    if hasattr(llvm, "initialize_native_target"):
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    triple = llvm.get_process_triple()
    cpu = llvm.get_host_cpu_name()
    features = llvm.get_host_cpu_features().flatten()
    _provide_mathematics()
    machine = llvm.Target.from_triple(triple).create_target_machine(
        cpu=cpu,
        features=features,
        opt=_LEVEL,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )
    releases = llvmlite.__version__, llvm.llvm_version_info
    return machine, f"{releases} {triple} {cpu} {features} {_LEVEL} dense unrolled"


def _provide_mathematics() -> None:
    """Name the C library's functions that compiled code may call, wherever they live."""
    library = c_library()
    for name in ("pow", "exp", "log", "log1p", "expm1", "tanh", "sin", "cos", "fmod", "erf"):
        for suffix in ("", "f"):
            function = getattr(library, name + suffix, None)
            if function is not None:
                address = ctypes.cast(function, ctypes.c_void_p).value
                llvm.add_symbol(name + suffix, address)


_logger = logging.getLogger(__name__)

#: Below the folder of compiled code.
_FOLDER = "kernels"
_SUFFIX = ".code"
_HASH_BYTES = 32
_MAX_BYTES = 16 * MEGABYTE
#: A file has 1 to 60 kB, and a network needs about 40. Above this many, the half that was not used
#: for longest goes.
MAX_FILES = 1_600


def load_code(name: str) -> bytes | None:
    """Return the machine code stored under a name."""
    folder = _code_folder()
    if folder is None:
        return None
    path = folder / (name + _SUFFIX)
    try:
        content = read_file(path, _MAX_BYTES)
    except FileNotFoundError:
        return None
    except (OSError, UserError):
        content = b""
    code = content[_HASH_BYTES:]
    if not code or content[:_HASH_BYTES] != _hash(name, code):
        _logger.info("The kept machine code %s is damaged; it is made again.", path)
        with contextlib.suppress(OSError):
            path.unlink()
        return None
    # What is in use stays when others are removed.
    with contextlib.suppress(OSError):
        os.utime(path)
    return code


def store_code(name: str, code: bytes) -> None:
    """Store machine code under a name; if that fails, it is made again the next time."""
    folder = _code_folder()
    if folder is None:
        return
    try:
        write_atomically(folder / (name + _SUFFIX), _hash(name, code) + code)
        _remove_old(folder)
    except (OSError, UserError) as error:
        _logger.info("Machine code is not kept: %s", error)


def _hash(name: str, code: bytes) -> bytes:
    return hashlib.sha256(name.encode() + code).digest()


def _code_folder() -> Path | None:
    folder = private_folder(cache_folder() / _FOLDER)
    if folder is None:
        _logger.info("Machine code is not kept: its folder is not the user's alone.")
    return folder


def _remove_old(folder: Path) -> None:
    files = list(folder.glob(f"*{_SUFFIX}"))
    if len(files) <= MAX_FILES:
        return
    used = {path: path.stat().st_mtime for path in files}
    for path in sorted(files, key=used.__getitem__)[: len(files) // 2]:
        path.unlink(missing_ok=True)
