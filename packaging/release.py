"""The signed file that tells running copies of a newer version.

    release.py key                      makes a key pair; the secret half goes into CHATDESK_RELEASE_KEY
    release.py sign VERSION PAGE        prints the file, signed with CHATDESK_RELEASE_KEY
    release.py check FILE PUBLIC_KEY    says what a file tells, or fails

The public half and the address of the file go into resources/release.json, or into one build by build.py's
--update-key and --update-url. Whoever has the secret half can tell of versions, but not install any.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chatdesk.credentials.signed_file import PURPOSE, signed_text
from chatdesk.domain.release import is_version

SECRET = "CHATDESK_RELEASE_KEY"


def make_key() -> tuple[str, str]:
    """Return a new secret and its public half, in base64."""
    key = Ed25519PrivateKey.generate()
    return _text(key.private_bytes_raw()), _text(key.public_key().public_bytes_raw())


def sign(version: str, page: str, secret: str) -> str:
    """Return the file for a version; raises ``ValueError`` for what running copies would not take."""
    if not is_version(version) or not page.startswith("https://"):
        raise ValueError("A version like 1.2.3 and an https address are needed.")
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret, validate=True))
    signed = json.dumps({"version": version, "page": page})
    signature = _text(key.sign(PURPOSE + signed.encode("utf-8")))
    return json.dumps({"signed": signed, "signature": signature}, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    """Do what the command line says; returns the exit status."""
    match arguments:
        case ["key"]:
            secret, public = make_key()
            sys.stdout.write(f"secret: {secret}\npublic: {public}\n")
        case ["sign", version, page]:
            # Not an argument: those are seen by other processes.
            sys.stdout.write(sign(version, page, os.environ[SECRET]))
        case ["check", file, key]:
            sys.stdout.write(signed_text(Path(file).read_bytes(), key) + "\n")
        case _:
            sys.stderr.write(__doc__ or "")
            return 2
    return 0


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
