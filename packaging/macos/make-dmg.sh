#!/bin/sh
# Makes the .dmg from the .app. Not run yet: it needs macOS.
#
#   make-dmg.sh ChatDesk.app ChatDesk.dmg
#
# With CHATDESK_SIGN_IDENTITY the .app and the .dmg are signed; with CHATDESK_NOTARY_PROFILE too (made once by
# `xcrun notarytool store-credentials`) Apple notarises the .dmg and the ticket is stapled to it. Without them
# the result runs on the computer that built it, and elsewhere only after its user allowed it.
set -eu

application=$1
disk=$2
identity=${CHATDESK_SIGN_IDENTITY:-}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

[ -z "$identity" ] || "$here/sign.sh" "$application" "$identity"
ditto "$application" "$folder/ChatDesk.app"
ln -s /Applications "$folder/Applications"
hdiutil create -quiet -ov -volname ChatDesk -srcfolder "$folder" -fs HFS+ -format UDZO "$disk"
if [ -n "$identity" ]; then
    codesign --timestamp --sign "$identity" "$disk"
    if [ -n "${CHATDESK_NOTARY_PROFILE:-}" ]; then
        xcrun notarytool submit "$disk" --keychain-profile "$CHATDESK_NOTARY_PROFILE" --wait
        xcrun stapler staple "$disk"
        spctl --assess --type open --context context:primary-signature --verbose "$disk"
    fi
fi
