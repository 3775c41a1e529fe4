#!/bin/sh
# Compiles the Inno Setup script with a stand-in for the program and installs and uninstalls it under Wine.
#
#   check-installer.sh ISCC.exe      (wine and a screen, such as xvfb-run's, are needed)
#
# This proves the script, not the program: PyInstaller builds Windows programs on Windows only.
set -eu

compiler=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/chatdesk-iss-XXXXXX")
export WINEPREFIX="$work/prefix" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml="
trap 'wineserver -k 2>/dev/null || true; rm -rf "$work"' EXIT

mkdir -p "$work/program/_internal" "$work/out"
wineboot --init >/dev/null 2>&1
# Wine's own choice is an older Windows than the installer takes.
wine reg add 'HKCU\Software\Wine' /v Version /d win10 /f >/dev/null 2>&1
# Any program does; what is installed is not run.
cp "$WINEPREFIX/drive_c/windows/system32/notepad.exe" "$work/program/ChatDesk.exe"
cp "$work/program/ChatDesk.exe" "$work/program/chatdesk-console.exe"
echo "a stand-in" >"$work/program/_internal/resource.txt"
cp "${2:-$here/../../build/package/chatdesk.ico}" "$work/chatdesk.ico"

# Wine 8 does not know {autopf}, the folder of a user's own programs; this is the same place on Windows.
wine "$compiler" /Qp "/DDefaultDir={localappdata}\Programs\ChatDesk" /DVersion=0.0.1 "/DProgram=Z:$work/program" "/DOutput=Z:$work/out" \
    "/DIcon=Z:$work/chatdesk.ico" /DRuntime= /DHomepage=https://chatdesk.example "Z:$here/chatdesk.iss"
setup="$work/out/ChatDesk-0.0.1-setup-x64.exe"
[ -s "$setup" ] || { echo "The compiler made no installer." >&2; exit 1; }
echo "compiled: $(wc -c <"$setup") bytes"

wine "$setup" /VERYSILENT /SUPPRESSMSGBOXES /NORESTART "/LOG=Z:$work/install.log" || true
placed=$(find "$WINEPREFIX/drive_c" -name ChatDesk.exe | head -1)
[ -n "$placed" ] || { tail -5 "$work/install.log" >&2; echo "Nothing was installed." >&2; exit 1; }
inside=$(dirname "$placed")
[ -s "$inside/_internal/resource.txt" ] || { echo "A file is missing." >&2; exit 1; }
echo "installed in ${inside#"$WINEPREFIX"/}"

user=$(find "$WINEPREFIX/drive_c/users" -maxdepth 3 -type d -path '*AppData/Local' | head -1)
uninstall() {
    mkdir -p "$user/ChatDesk"
    echo "a chat" >"$user/ChatDesk/kept.txt"
    wine "$inside/unins000.exe" /VERYSILENT /SUPPRESSMSGBOXES /NORESTART "$@" || true
    # It goes on in a copy of itself.
    for _ in $(seq 100); do
        [ -e "$inside/unins000.exe" ] || break
        sleep 0.2
    done
    wineserver -w
    [ ! -e "$placed" ] || { echo "The program is still there." >&2; exit 1; }
}
uninstall
[ -s "$user/ChatDesk/kept.txt" ] || { echo "A silent uninstall removed the user's files." >&2; exit 1; }
echo "uninstalled; the user's files stayed"
wine "$setup" /VERYSILENT /SUPPRESSMSGBOXES /NORESTART || true
uninstall /REMOVEFILES=yes
[ ! -e "$user/ChatDesk" ] || { echo "The user's files are still there." >&2; exit 1; }
echo "uninstalled with /REMOVEFILES=yes; the user's files are gone"
