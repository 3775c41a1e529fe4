#!/bin/sh
# Signs everything executable in the .app, from the inside out, and then the .app itself.
#
#   sign.sh ChatDesk.app "Developer ID Application: NAME (TEAM)"
#
# Apple's notary service wants each of them signed with the hardened runtime and a time stamp: Qt's and Python's
# libraries and the forty or so files of the embedded PostgreSQL. Written by Apple's documentation; not run yet.
set -eu

application=$1
identity=$2
entitlements=$(cd "$(dirname "$0")" && pwd)/entitlements.plist

sign() {
    codesign --force --timestamp --options runtime --entitlements "$entitlements" --sign "$identity" "$1"
}
# A Mach-O file is known by what is in it: PostgreSQL's programs have no ending.
find "$application/Contents" -type f ! -path '*/_CodeSignature/*' | while read -r path; do
    case "$(file -b "$path")" in
        Mach-O*) [ "$path" = "$application/Contents/MacOS/chatdesk" ] || sign "$path" ;;
    esac
done
sign "$application"
codesign --verify --deep --strict --verbose=2 "$application"
