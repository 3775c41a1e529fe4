"""Runs first in the program: what PyInstaller's loader changed for itself is not for the programs we start.

The loader puts its folder into LD_LIBRARY_PATH; a browser that is started to open a link would load our
libraries instead of its system's. By now the loader of this process has read it. A further process of our own
needs it again, and its loader takes it for set unless it is told to start anew.
"""

import os
import sys

if sys.platform.startswith("linux"):
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if before is None:
        os.environ.pop("LD_LIBRARY_PATH", None)
    else:
        os.environ["LD_LIBRARY_PATH"] = before
    os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"

if sys.platform != "win32":
    import ssl

    # The library for TLS looks for authorities where they were on the machine that built it. Those of this
    # system come first, since a company may have added its own; those that came along come last.
    known = ssl.get_default_verify_paths()
    if "SSL_CERT_FILE" not in os.environ and known.cafile is None and known.capath is None:
        for place in (
            "/etc/ssl/certs/ca-certificates.crt",
            "/etc/pki/tls/certs/ca-bundle.crt",
            "/etc/ssl/ca-bundle.pem",
            "/etc/ssl/cert.pem",
            os.path.join(sys._MEIPASS, "certifi", "cacert.pem"),  # type: ignore[attr-defined]  # PyInstaller's
        ):
            if os.path.isfile(place):
                os.environ["SSL_CERT_FILE"] = place
                break
