"""From LLVM's assembly to machine code in memory."""

from __future__ import annotations

import ctypes
import hashlib
import re
import sys
import threading
from collections.abc import Iterable
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from mnist_draw.theano_bridge.native.kernels import kept_code
from mnist_draw.theano_bridge.native.kernels.emitter import Function

#: How hard LLVM optimises.
_LEVEL = 3

_lock = threading.Lock()
#: Engines own the machine code; they live as long as the program.
_engines: list[Any] = []
_addresses: dict[str, int] = {}


def addresses_of(functions: Iterable[Function]) -> dict[str, int]:
    """Compile functions that are not compiled yet, in one go."""
    wanted = {function.name: function for function in functions}
    with _lock:
        missing = [function for name, function in wanted.items() if name not in _addresses]
        if missing:
            declarations = sorted({line for function in missing for line in function.declarations})
            texts = _renumbered([function.text for function in missing])
            _compile("\n".join([*declarations, *texts]), [function.name for function in missing])
        return {name: _addresses[name] for name in wanted}


def _renumbered(texts: list[str]) -> list[str]:
    """Give the metadata of each function (``!#0``, ``!#1``, …) numbers of their own."""
    offset, result = 0, []
    for text in texts:
        numbers = [int(number) for number in re.findall(r"^!#(\d+) =", text, re.MULTILINE)]
        for number in sorted(numbers, reverse=True):
            text = re.sub(rf"!#{number}\b", f"!{number + offset}", text)
        result.append(text)
        offset += len(numbers)
    return result


def _compile(assembly: str, names: list[str]) -> None:
    _, target = _machine()
    key = hashlib.sha256(f"{target}\n{assembly}".encode()).hexdigest()
    code = kept_code.load(key)
    engine = None if code is None else _loaded(code, names)
    if engine is None:
        code = _optimised(assembly)
        kept_code.keep(key, code)
        engine = _engine_of(code)
    for name in names:
        _addresses[name] = engine.get_function_address(name)


def _loaded(code: bytes, names: list[str]) -> Any:
    """Return an engine with machine code from a file; None where it lacks one of the functions."""
    engine = _engine_of(code)
    return engine if all(map(engine.get_function_address, names)) else None


def _engine_of(code: bytes) -> Any:
    engine = _engine(_module(""))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


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
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))


def _module(assembly: str) -> Any:
    machine, _ = _machine()
    module = llvm.parse_assembly(assembly)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    return module


def _engine(module: Any) -> Any:
    engine = llvm.create_mcjit_compiler(module, _machine()[0])
    # An engine that goes would take the description of the processor with it.
    _engines.append(engine)
    return engine


@cache
def _machine() -> tuple[Any, str]:
    """Describe this processor, once; also in one line of text that no other has."""
    if hasattr(llvm, "initialize_native_target"):
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    triple, cpu = llvm.get_process_triple(), llvm.get_host_cpu_name()
    features = llvm.get_host_cpu_features().flatten()
    _provide_mathematics()
    machine = llvm.Target.from_triple(triple).create_target_machine(
        cpu=cpu, features=features, opt=_LEVEL, reloc="default", codemodel="jitdefault", jit=True
    )
    releases = llvmlite.__version__, llvm.llvm_version_info
    return machine, f"{releases} {triple} {cpu} {features} {_LEVEL}"


def _provide_mathematics() -> None:
    """Name the C library's functions that compiled code may call, wherever they live."""
    if sys.platform == "win32":
        library = ctypes.CDLL("ucrtbase")
    else:
        library = ctypes.CDLL(None)
    for name in ("pow", "exp", "log", "log1p", "expm1", "tanh", "sin", "cos", "fmod", "erf"):
        for suffix in ("", "f"):
            function = getattr(library, name + suffix, None)
            if function is not None:
                address = ctypes.cast(function, ctypes.c_void_p).value
                llvm.add_symbol(name + suffix, address)
