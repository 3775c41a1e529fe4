#!/bin/sh
# Makes an AppImage from dist/chatdesk. Needs appimagetool and its runtime file, which are not in Debian; the
# project's own releases carry both. Not run yet.
#
#   make.sh VERSION [appimagetool] [runtime file]
set -eu

version=$1
tool=${2:-appimagetool}
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)/ChatDesk.AppDir
trap 'rm -rf "$(dirname "$folder")"' EXIT

mkdir -p "$folder/usr/share/metainfo" "$folder/opt"
cp -a "$root/dist/chatdesk" "$folder/opt/chatdesk"
cp "$root/packaging/linux/chatdesk.desktop" "$folder/chatdesk.desktop"
cp "$root/build/package/icons/256.png" "$folder/chatdesk.png"
cp "$root"/build/package/*.metainfo.xml "$folder/usr/share/metainfo/"
cat >"$folder/AppRun" <<'RUN'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/opt/chatdesk/chatdesk" "$@"
RUN
chmod 755 "$folder/AppRun"
target="$root/dist/installers/ChatDesk-$version-$(uname -m).AppImage"
ARCH=$(uname -m) "$tool" ${3:+--runtime-file "$3"} --no-appstream "$folder" "$target"
"$target" --appimage-extract-and-run --selftest
