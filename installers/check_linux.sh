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
cleanup() {
    jobs -p | xargs -r kill 2>/dev/null || true
    "${become[@]}" dpkg -r mnist-draw >/dev/null 2>&1 || true
    rm -rf "$home"
}
trap cleanup EXIT
export MNIST_DRAW_HOME=$home/mnist QT_QPA_PLATFORM=xcb LC_ALL=C.UTF-8

fail() {
    echo "FAILED: $*"
    exit 1
}
# wait_until SECONDS COMMAND…: ask again until the command succeeds.
wait_until() {
    local last=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$last" ] || fail "$* (not within the time)"
        sleep 0.3
    done
}
window_is_open() { xdotool search --onlyvisible --name '^MNIST Draw$'; }
window_is_closed() { ! window_is_open; }
# The record of the board holds each stroke.
a_drawing_is_kept() { grep -rq --include='board*.json' '"stroke"' "$MNIST_DRAW_HOME"; }
a_run_is_completed() { mnist-draw runs | grep -q completed; }

"${become[@]}" dpkg -i "$package" >/dev/null
cd "$home"
started=$(date +%s%N)
mnist-draw --version
echo "the version after $((($(date +%s%N) - started) / 1000000)) ms"

exec 3<>"$home/display"
Xvfb -displayfd 3 -screen 0 1366x768x24 >/dev/null 2>&1 &
wait_until 20 test -s "$home/display"
DISPLAY=:$(head -n 1 "$home/display")
export DISPLAY

started=$(date +%s%N)
mnist-draw &
program=$!
wait_until 60 window_is_open
echo "the window after $((($(date +%s%N) - started) / 1000000)) ms, its first start"
window=$(window_is_open | head -n 1)
xdotool windowfocus --sync "$window" windowsize --sync "$window" 1366 728 windowmove "$window" 0 0
sleep 1
# A 1: a stroke down the middle of the board.
xdotool mousemove 350 250 mousedown 1
for y in $(seq 260 10 560); do xdotool mousemove 350 "$y"; done
xdotool mouseup 1
wait_until 20 a_drawing_is_kept
echo "a drawing is kept"
xdotool key ctrl+q
wait_until 20 window_is_closed
wait "$program" || fail "the window ended with status $?"

mnist-draw train --epochs 1 --quiet --output "$home/mine.npz"
wait_until 5 a_run_is_completed
mnist-draw evaluate "$home/mine.npz" | tail -n 1
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
