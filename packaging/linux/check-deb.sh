#!/bin/sh
# Installs the .deb in a bare Debian, runs its self-test there without a network, and removes it again.
#
#   check-deb.sh PACKAGE [SUITE]
#
# Nothing but the package's own dependencies and a virtual screen is in that Debian: no source, no Python.
# Needs root and mmdebstrap; leaves nothing behind.
set -eu

package=$(realpath "$1")
suite=${2:-bookworm}
[ "$(id -u)" = 0 ] || { echo "check-deb.sh needs root." >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo "check-deb.sh needs mmdebstrap (apt-get install mmdebstrap)." >&2; exit 1; }

bare=$(mktemp -d "${TMPDIR:-/tmp}/chatdesk-bare-XXXXXX")
chmod 755 "$bare"
inside() { # in namespaces of its own: whatever is left running ends with it
    unshare --mount --pid --fork --kill-child "$@"
}
trap 'rm -rf --one-file-system "$bare"' EXIT

echo "Making a bare $suite ..."
# Where its packages come from is this machine's business.
cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    mmdebstrap --quiet --variant=apt --include=ca-certificates,xvfb,xauth "$suite" "$bare" -
cp "$package" "$bare/chatdesk.deb"

echo "Installing $(basename "$package") ..."
inside sh -euc '
    mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"
    cp /etc/resolv.conf "$1/etc/resolv.conf"
    for file in /etc/apt/apt.conf.d/*; do cp "$file" "$1/etc/apt/apt.conf.d/" 2>/dev/null || true; done
    chroot "$1" env DEBIAN_FRONTEND=noninteractive sh -euc "
        apt-get update -qq
        ! command -v python3
        apt-get install -y -qq --no-install-recommends /chatdesk.deb >/dev/null
        ! command -v python3
        useradd --create-home tester
    "
' sh "$bare"
dpkg-deb --contents "$package" | awk '{print $6}' | sed 's|^\.||; s|/$||' >"$bare/listed"

echo "Self-test, as a user, without a network:"
status=0
inside --net sh -uc '
    mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; mount -t tmpfs tmpfs "$1/tmp"
    chmod 1777 "$1/tmp"
    ip link set lo up
    exec chroot "$1" su - tester -c "xvfb-run --auto-servernum --server-args=\"-screen 0 1600x1000x24\" chatdesk --selftest"
' sh "$bare" || status=$?

echo "Removing it ..."
inside sh -euc '
    mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"
    chroot "$1" env DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq chatdesk >/dev/null
' sh "$bare"
for gone in /opt/chatdesk /usr/bin/chatdesk /usr/share/applications/chatdesk.desktop /var/cache/chatdesk \
    /usr/share/doc/chatdesk /usr/share/icons/hicolor/scalable/apps/chatdesk.svg; do
    if [ -e "$bare$gone" ] || [ -L "$bare$gone" ]; then
        echo "$gone was left behind." >&2
        status=1
    fi
done
if [ -n "$(find "$bare/home/tester" -newer "$bare/listed" -name '*chatdesk*' 2>/dev/null)" ]; then
    echo "The self-test left files in the home of its user." >&2
    status=1
fi
[ "$status" = 0 ] && echo "Installed, tested and removed: nothing was left behind."
exit "$status"
