#!/usr/bin/env bash
# Builds for Linux, x86-64: a folder that starts without Python, and with it a package for Debian and Ubuntu and one file for all.
#
#   installers/build_linux.sh FOLDER            then FOLDER has mnist-draw/, mnist-draw_VERSION_amd64.deb, mnist-draw-VERSION-x86_64.AppImage
#   installers/build_linux.sh FOLDER --quick    both are larger, but packed at once: to try them
#
# Needs Python 3.11 or newer with venv; of Debian dpkg, squashfs-tools, gcc, libc6-dev and the -dev packages of libsquashfuse,
# libfuse3, zlib1g, liblzma, liblz4, liblzo2 and libzstd. Build on the oldest system that it is meant for: the C library of others
# must not be older.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
quick=${2:-}
out=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check "$root" "pyinstaller>=6"
cd "$work"
"$work/venv/bin/python" -m PyInstaller --noconfirm --log-level WARN --distpath "$out" --workpath "$work/build" \
    "$root/installers/mnist-draw.spec"

# The license of each part, under its name.
version=$("$out/mnist-draw/mnist-draw" --version | sed -E 's/^mnist_draw ([^ ]+).*/\1/')
"$work/venv/bin/python" "$root/installers/collect_licenses.py" "$out/mnist-draw/licenses"

# What a Linux system has of a program: for both the package and the one file.
system=$work/system
shared=$system/usr/share
desktop=$root/resources/desktop
install -d "$system/usr/lib" "$system/usr/bin"
cp -a "$out/mnist-draw" "$system/usr/lib/mnist-draw"
ln -s ../lib/mnist-draw/mnist-draw "$system/usr/bin/mnist-draw"
install -Dm644 "$desktop/mnist-draw.desktop" "$shared/applications/mnist-draw.desktop"
install -Dm644 "$desktop/mnist-draw.xml" "$shared/mime/packages/mnist-draw.xml"
install -Dm644 "$desktop/mnist-draw.svg" "$shared/icons/hicolor/scalable/apps/mnist-draw.svg"
install -Dm644 "$desktop/mnist-draw.png" "$shared/icons/hicolor/256x256/apps/mnist-draw.png"
install -Dm644 "$desktop/mnist-draw.metainfo.xml" "$shared/metainfo/mnist-draw.metainfo.xml"
install -d "$shared/doc/mnist-draw"
mv "$system/usr/lib/mnist-draw/licenses" "$shared/doc/mnist-draw/licenses"
cp "$root/LICENSE" "$shared/doc/mnist-draw/copyright"

# One file: the runtime of AppImage, which mounts what follows it, and a compressed image of the system's files.
image=$out/mnist-draw-$version-x86_64.AppImage
cd "$root/installers/type2-runtime"
# What the linker warns of is a function of libfuse that the runtime does not call.
gcc -std=gnu99 -Os -s -static -ffunction-sections -fdata-sections -Wl,--gc-sections -T data_sections.ld \
    -D_FILE_OFFSET_BITS=64 -DGIT_COMMIT='"caf24f9"' -I. -I/usr/include/squashfuse -I/usr/include/fuse3 \
    runtime.c -o "$work/runtime" -lsquashfuse_ll -lsquashfuse -lfuse3 -lzstd -lz -llzma -llz4 -llzo2 \
    2>"$work/gcc.log" || { cat "$work/gcc.log"; exit 1; }
cd "$work"
# What marks an AppImage of type 2; the linker would overwrite it.
printf 'AI\002' | dd of="$work/runtime" bs=1 seek=8 conv=notrunc status=none
cp -al "$system" "$work/image"
ln -s usr/bin/mnist-draw "$work/image/AppRun"
cp "$desktop/mnist-draw.desktop" "$desktop/mnist-draw.png" "$work/image"
ln -s mnist-draw.png "$work/image/.DirIcon"
licenses=$work/image/usr/share/doc/mnist-draw/licenses
install -Dm644 "$root/installers/type2-runtime/LICENSE" "$licenses/AppImage/LICENSE"
for library in libsquashfuse-dev libfuse3-dev libzstd-dev zlib1g-dev liblzma-dev liblz4-dev liblzo2-dev; do
    cp -L "/usr/share/doc/$library/copyright" "$licenses/AppImage/$library.txt"
done
packing=(-comp zstd -Xcompression-level 22 -b 1M)
[ "$quick" = --quick ] && packing=(-comp zstd -Xcompression-level 1)
mksquashfs "$work/image" "$work/squashfs" "${packing[@]}" -all-root -quiet -no-progress
cat "$work/runtime" "$work/squashfs" >"$image"
chmod +x "$image"

install -d "$system/DEBIAN"
cat >"$system/DEBIAN/control" <<CONTROL
Package: mnist-draw
Version: $version
Architecture: amd64
Section: education
Priority: optional
Maintainer: The authors of mnist_draw <mnist-draw@localhost>
Installed-Size: $(du -sk "$system/usr" | cut -f1)
Depends: libc6, libgl1, libegl1, libdbus-1-3, libfontconfig1, libxkbcommon-x11-0, libxcb-icccm4, libxcb-image0, libxcb-keysyms1, libxcb-randr0, libxcb-render-util0, libxcb-shape0, libxcb-xinerama0, libxcb-xkb1
Description: Draw a digit, train the network that reads it
 Draw digits with the mouse, a pen or a finger and read what a neural network
 says. Train a network of your own on 50,000 handwritten digits in seconds, and
 look inside it. Made for students and teachers.
CONTROL
compression=(-Zxz)
[ "$quick" = --quick ] && compression=(-Zgzip -z1)
dpkg-deb --root-owner-group "${compression[@]}" --build "$system" "$out/mnist-draw_${version}_amd64.deb" >/dev/null
du -sh "$out"/* | sed "s#$out/##"
