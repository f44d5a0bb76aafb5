# A Windows Python that runs under Wine, with the program: sourced by windows.sh and installers/build_windows.sh.
#
# $out/python is made from packages of Debian and PyPI alone: the wheel of panda3d for Windows brings
# python311.dll and the compiled part of the standard library, whose other part is that of this
# computer's Python 3.11; MinGW compiles python.exe. Debian: wine gcc-mingw-w64-x86-64.
# The caller sets $root, the checkout, and $out, the folder for all of it.
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

# install_packages PACKAGE…: the program of the checkout and these. Pip does not evaluate the markers of another system.
install_packages() {
    rm -rf "$out/clone" "$out/wheels" "$packages"
    mkdir "$packages"
    git clone -q "$root" "$out/clone"
    "$out/tools/bin/pip" wheel -q --no-deps --wheel-dir "$out/wheels" "$out/clone" lasagne==0.1
    python3.11 -m pip install -q --platform win_amd64 --python-version 3.11 --implementation cp \
        --only-binary=:all: --target "$packages" --find-links "$out/wheels" "$out"/wheels/mnist_draw*.whl \
        "$@"
    "$out/tools/bin/python" "$root/tools/windows_python.py" patch "$packages"
}

if [ ! -e "$out/python/python.exe" ]; then make_python; fi
