#!/usr/bin/env bash
# Installs what build_linux.sh made, uses the program as a student does, and removes it: installers/check_linux.sh FILE.deb|FILE.AppImage
#
# Needs Xvfb and xdotool, and root (or sudo) for a package. It starts the window, draws, trains one epoch, opens the trained network as a
# double click does, and looks for what was kept. An AppImage is tried as it is, then as on a system that can mount nothing.
set -euo pipefail
made=$(realpath "$1")
home=$(mktemp -d)
become=()
[ "$(id -u)" -eq 0 ] || become=(sudo)
# shellcheck source=installers/check_steps.sh
. "$(dirname "$0")/check_steps.sh"
export MNIST_DRAW_HOME=$home/mnist XDG_DATA_HOME=$home/share XDG_CACHE_HOME=$home/cache QT_QPA_PLATFORM=xcb LC_ALL=C.UTF-8
cd "$home"
mkdir cache

case $made in
*.deb)
    program=mnist-draw
    entry=/usr/share/applications/mnist-draw.desktop
    install_program() { "${become[@]}" dpkg -i "$made" >/dev/null; }
    remove_program() {
        "${become[@]}" dpkg -r mnist-draw >/dev/null 2>&1
        [ ! -e /usr/bin/mnist-draw ] && [ ! -e /usr/lib/mnist-draw ]
    }
    ;;
*)
    program=$home/mnist-draw.AppImage
    entry=$home/share/applications/mnist-draw.desktop
    install_program() {
        cp "$made" "$program"
        "$program" desktop install
    }
    remove_program() {
        [ ! -e "$program" ] || "$program" desktop remove >/dev/null
        rm -f "$program"
        [ ! -e "$entry" ]
    }
    ;;
esac
mnist_draw() { "$program" "$@"; }
cleanup() {
    jobs -p | xargs -r kill 2>/dev/null || true
    remove_program || true
    rm -rf "$home"
}
trap cleanup EXIT

install_program
started=$(date +%s%N)
mnist_draw --version
echo "the version after $(milliseconds_since "$started") ms"

start_screen
started=$(date +%s%N)
"$program" &
window=$!
wait_until 60 window_is_open
echo "the window after $(milliseconds_since "$started") ms, its first start"
draw_in_window
wait "$window" || fail "the window ended with status $?"

train_and_evaluate "$home/mine.npz"
# As a desktop starts it: by the command of its entry in the menus.
command=$(sed -n 's/^Exec=\(.*\) %f$/\1/p' "$entry")
eval "exec $command" '"$home/mine.npz"' &
window=$!
wait_until 60 window_is_open
echo "the window with a network of one's own"
kill -TERM "$window"
wait "$window" || fail "the window ended with status $?"

if [[ $made == *.AppImage ]]; then
    wait_until 5 nothing_is_mounted
    started=$(date +%s%N)
    APPIMAGE_EXTRACT_AND_RUN=1 mnist_draw evaluate "$home/mine.npz" >/dev/null
    echo "a command without a mount: $(milliseconds_since "$started") ms"
fi

remove_program || fail "files of the program are still there"
[ -s "$home/mine.npz" ] || fail "removing it took a network away"
trap - EXIT
cleanup
echo "installed, started, drawn in, trained in, removed"
