#!/bin/sh
# Checks the system libraries that Qt needs, and installs what is missing where it may.
#
#   system-libraries.sh run     what the window needs
#   system-libraries.sh test    also what the tests need: a virtual display, a Secret Service, PostgreSQL 15
#   system-libraries.sh bench   also the browser that the benchmarks compare with
#   system-libraries.sh package also what building and checking installers needs
#
# With neither root nor sudo without a password it prints the one command to run and fails.
set -eu

case "$(uname -s)" in Linux) ;; *) exit 0 ;; esac

packages="libgl1 libegl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon0 libxkbcommon-x11-0 libxcb-cursor0
 libgomp1 libstdc++6 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 fonts-dejavu-core"
if [ "${1:-run}" = test ]; then
    packages="$packages xvfb xauth fonts-noto-color-emoji gnome-keyring libsecret-tools dbus dbus-daemon libglib2.0-bin postgresql-15 strace git"
elif [ "${1:-run}" = package ]; then
    packages="$packages xvfb xauth gnome-keyring dbus dbus-daemon binutils desktop-file-utils appstream mmdebstrap git"
fi
[ "${1:-run}" != bench ] || packages="$packages chromium"

if ! command -v dpkg-query >/dev/null 2>&1; then
    # Not a Debian: names differ, so say what is missing by the files themselves.
    missing=""
    for library in libGL.so.1 libEGL.so.1 libxkbcommon.so.0 libxcb-cursor.so.0 libfontconfig.so.1; do
        ldconfig -p 2>/dev/null | grep -q "$library" || missing="$missing $library"
    done
    [ -z "$missing" ] || echo "ChatDesk may not start: these libraries were not found:$missing" >&2
    exit 0
fi

missing=""
for package in $packages; do
    # The t64 names are those of Debian 13 and Ubuntu 24.04.
    dpkg-query -W -f='${Status}\n' "$package" "${package}t64" 2>/dev/null | grep -q 'install ok installed' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
    sudo=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    sudo="sudo"
else
    echo "ChatDesk needs some system libraries. Run this, then try again:" >&2
    echo "  sudo $install" >&2
    exit 1
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# A fresh machine has no package lists; PostgreSQL must not make and start a cluster of its own.
if [ "${1:-run}" = test ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    $sudo mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
$sudo $install >/dev/null 2>&1 || { $sudo apt-get update -qq && $sudo $install >/dev/null; }
