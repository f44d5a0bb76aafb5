#!/usr/bin/env bash
# Installs the Debian package, uses the program as a student does, and removes it: installers/check_linux.sh PACKAGE.deb
#
# Needs root (or sudo), Xvfb and xdotool. It starts the window, draws, trains one epoch, opens the trained network as a
# double click does, and looks for what was kept.
set -euo pipefail
package=$(realpath "$1")
home=$(mktemp -d)
become=()
[ "$(id -u)" -eq 0 ] || become=(sudo)
# shellcheck source=installers/check_steps.sh
. "$(dirname "$0")/check_steps.sh"
mnist_draw() { mnist-draw "$@"; }
cleanup() {
    jobs -p | xargs -r kill 2>/dev/null || true
    "${become[@]}" dpkg -r mnist-draw >/dev/null 2>&1 || true
    rm -rf "$home"
}
trap cleanup EXIT
export MNIST_DRAW_HOME=$home/mnist QT_QPA_PLATFORM=xcb LC_ALL=C.UTF-8

"${become[@]}" dpkg -i "$package" >/dev/null
cd "$home"
started=$(date +%s%N)
mnist-draw --version
echo "the version after $(milliseconds_since "$started") ms"

start_screen
started=$(date +%s%N)
mnist-draw &
program=$!
wait_until 60 window_is_open
echo "the window after $(milliseconds_since "$started") ms, its first start"
draw_in_window
wait "$program" || fail "the window ended with status $?"

train_and_evaluate "$home/mine.npz"
mnist-draw "$home/mine.npz" &
program=$!
wait_until 60 window_is_open
echo "the window with a network of one's own"
kill -TERM "$program"
wait "$program" || fail "the window ended with status $?"

"${become[@]}" dpkg -r mnist-draw >/dev/null
[ ! -e /usr/bin/mnist-draw ] && [ ! -e /usr/lib/mnist-draw ] || fail "files of the package are still there"
[ -s "$home/mine.npz" ] || fail "removing it took a network away"
trap - EXIT
cleanup
echo "installed, started, drawn in, trained in, removed"
