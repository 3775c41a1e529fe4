#!/bin/sh
# Runs the self-test of a built program on a virtual screen: once without a keyring, once with a real one.
#
#   check-program.sh dist/chatdesk/chatdesk
set -eu

program=$(realpath "$1")
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
# A home and a session bus of its own: nothing of the user's is seen, and no keyring of theirs.
export HOME="$home" XDG_DATA_HOME="$home/share" XDG_CONFIG_HOME="$home/config" XDG_RUNTIME_DIR="$home/run"
mkdir -p "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV LD_LIBRARY_PATH DBUS_SESSION_BUS_ADDRESS QT_QPA_PLATFORM

screen() { xvfb-run --auto-servernum --server-args="-screen 0 1600x1000x24" "$@"; }
echo "Without a keyring:"
screen "$program" --selftest
echo
echo "With one:"
told=$(dbus-run-session -- sh -euc '
    printf "%s" "a keyring for tests" | gnome-keyring-daemon --unlock --components=secrets >/dev/null
    exec xvfb-run --auto-servernum --server-args="-screen 0 1600x1000x24" "$1" --selftest' sh "$program") ||
    { echo "$told"; exit 1; }
echo "$told"
echo "$told" | grep -q '^| Keyring | ok |' || { echo "The keyring was not used." >&2; exit 1; }
