"""Machine code on the disk: found again, and never trusted when in doubt."""

import ctypes
import os
import shutil
import sys

import pytest

from mnist_draw.theano_bridge.native.kernels import llvm
from mnist_draw.theano_bridge.native.kernels.emitter import Emitter

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder of the test's own, with nothing compiled yet."""
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    monkeypatch.setattr(llvm, "_addresses", {})
    return tmp_path / "cache" / "compiled" / "kernels" / "private"


def adding(number, name="stored_code_test"):
    """Return a kernel that stores the sum of its second argument and a number at its first."""
    emitter = Emitter(name)
    total = emitter.op("add", emitter.argument(1), number)
    emitter.store(emitter.pointer(0), 0, total)
    return emitter.finished()


def compiled(number, name="stored_code_test"):
    (address,) = llvm.addresses_of([adding(number, name)]).values()
    return address


def compiled_anew(number):
    """Return the address of a kernel that this process does not know yet."""
    llvm._addresses.clear()
    return compiled(number)


def call(address, value):
    """Return what the kernel stores for a value."""
    result = (ctypes.c_int64 * 1)()
    arguments = (ctypes.c_int64 * 2)(ctypes.addressof(result), value)
    word = ctypes.c_int64
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, word, word)(address)(ctypes.addressof(arguments), 0, 1)
    return int(result[0])


@pytest.fixture
def stored(folder):
    llvm.store_code("a", b"some code")
    return folder / "a.code"


def test_a_kernel_is_compiled_once(folder, monkeypatch):
    assert call(compiled(5), 30) == 35
    assert len(list(folder.iterdir())) == 1
    # Another text is another kernel, and so is another processor or release.
    assert call(compiled_anew(6), 30) == 36
    assert len(list(folder.iterdir())) == 2
    with monkeypatch.context() as patched:
        patched.setattr(llvm, "_optimised", lambda *_: pytest.fail("it was compiled again"))
        assert call(compiled_anew(5), 31) == 36
    machine, _ = llvm._machine()
    monkeypatch.setattr(llvm, "_machine", lambda: (machine, "another"))
    assert call(compiled_anew(5), 30) == 35
    assert len(list(folder.iterdir())) == 3


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 5000])
def test_a_damaged_file_is_made_anew(folder, content):
    compiled(5)
    (path,) = folder.iterdir()
    path.write_bytes(content)
    assert call(compiled_anew(5), 30) == 35
    assert llvm.load_code(path.stem) is not None


def test_ctrl_c_while_code_is_kept_is_not_lost(folder, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(llvm, "store_code", interrupted)
        with pytest.raises(KeyboardInterrupt):
            compiled(5)
    assert call(compiled(5), 30) == 35


def test_damaged_content_and_that_of_another_name_is_deleted(stored, folder):
    shutil.copy(stored, folder / "b.code")
    assert llvm.load_code("b") is None
    content = stored.read_bytes()
    stored.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert llvm.load_code("a") is None
    assert list(folder.iterdir()) == []


@posix
def test_a_folder_that_others_can_write_to_is_not_used(stored, folder):
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o770)
    assert llvm.load_code("a") is None
    llvm.store_code("b", b"some code")
    assert [path.name for path in folder.iterdir()] == ["a.code"]


@posix
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(stored):
    stored.unlink()
    os.mkfifo(stored, 0o600)
    assert llvm.load_code("a") is None
    llvm.store_code("a", b"some code")
    assert llvm.load_code("a") == b"some code"


def test_where_nothing_can_be_kept_kernels_run(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(llvm, "_addresses", {})
    assert call(compiled(7), 30) == 37


def test_what_was_not_used_for_longest_goes(folder, monkeypatch):
    monkeypatch.setattr(llvm, "MAX_FILES", 4)
    for number, name in enumerate("abcd"):
        llvm.store_code(name, b"some code")
        os.utime(folder / f"{name}.code", (1000 + number, 1000 + number))
    assert llvm.load_code("a") == b"some code"
    llvm.store_code("e", b"some code")
    assert sorted(path.stem for path in folder.iterdir()) == ["a", "d", "e"]
