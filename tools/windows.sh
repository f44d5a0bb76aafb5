#!/usr/bin/env bash
# The quick tests of everything without a window, on a Windows Python under Wine.
#
#   tools/windows.sh OUT [tests and options of pytest]
#
# OUT/python is made from packages of Debian and PyPI alone: the wheel of panda3d for Windows brings
# python311.dll and the compiled part of the standard library, whose other part is that of this
# computer's Python 3.11; MinGW compiles python.exe. Debian: wine gcc-mingw-w64-x86-64.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
export WINEPREFIX=$out/prefix WINEDEBUG=-all QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR=$out PIP_DISABLE_PIP_VERSION_CHECK=1
packages=$out/python/Lib/site-packages

make_python() {
    local standard
    standard=$(python3.11 -c 'import os; print(os.path.dirname(os.__file__))')
    mkdir -p "$out/python/DLLs"
    cp -r "$standard" "$out/python/Lib"
    rm -rf "$out"/python/Lib/{site-packages,lib-dynload,test} "$out"/python/Lib/config-*
    mkdir "$packages"
    python3.11 -m venv "$out/tools"
    "$out/tools/bin/pip" install -q pefile
    "$out/tools/bin/pip" download -q --no-deps --platform win_amd64 --python-version 3.11 \
        --only-binary=:all: --dest "$out" panda3d
    "$out/tools/bin/python" "$root/tools/windows_python.py" make "$out"/panda3d*.whl "$out"
    x86_64-w64-mingw32-gcc -O1 -municode "$out/python.c" -o "$out/python/python.exe"
    x86_64-w64-mingw32-gcc -shared -static "$out/empty.c" "$out/python3.def" -o "$out/python/python3.dll"
    x86_64-w64-mingw32-gcc -O2 -fno-builtin -shared -static -static-libgcc "$out/complex.c" \
        "$out/complex.def" -o "$out/python/apx-ms-win-crt-math-l1-1-0.dll"
}

# Pip does not evaluate the markers of another system: colorama is pytest's on Windows.
install_packages() {
    git clone -q "$root" "$out/clone"
    "$out/tools/bin/pip" wheel -q --no-deps --wheel-dir "$out/wheels" "$out/clone" lasagne==0.1
    python3.11 -m pip install -q --platform win_amd64 --python-version 3.11 --implementation cp \
        --only-binary=:all: --target "$packages" --find-links "$out/wheels" "$out"/wheels/mnist_draw*.whl \
        colorama babel hypothesis mock pytest pytest-qt pytest-timeout pytest-xdist
    "$out/tools/bin/python" "$root/tools/windows_python.py" patch "$packages"
}

if [ ! -e "$out/python/python.exe" ]; then make_python; fi
rm -rf "$out/clone" "$out/wheels" "$packages"
mkdir "$packages"
install_packages
cd "$out/clone"
# The installed package, not the clone's, whose data are elsewhere.
mv mnist_draw sources-of-mnist_draw
wine "$out/python/python.exe" -m mnist_draw --version
rooms="storage cli library training networks dataset recognition"
[ $# -gt 0 ] || set -- $(printf 'tests/%s ' $rooms)
wine "$out/python/python.exe" -m pytest -q -p no:cacheprovider -m "not slow and not window" \
    --timeout 300 "$@"
