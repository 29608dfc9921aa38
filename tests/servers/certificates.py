"""Certificates for servers on loopback, made by the openssl program: good, for another name, or expired."""

import shutil
import ssl
import subprocess
from pathlib import Path
from typing import NamedTuple

PROGRAM = shutil.which("openssl")


class Certificate(NamedTuple):
    """Two PEM files. The certificate vouches for itself, so it is its own authority."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server shows it with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make(folder: Path, names: str = "IP:127.0.0.1,DNS:localhost", *, days: int = 2) -> Certificate:
    """Make a certificate for `names` in openssl's words; negative `days`: it ended so long ago."""
    folder.mkdir(exist_ok=True)
    made, wish, asked = (
        Certificate(folder / "cert.pem", folder / "key.pem"),
        folder / "wish",
        folder / "asked.pem",
    )
    wish.write_text(f"subjectAltName={names}\n", encoding="utf-8")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=kesu test"]
    _openssl("req", "-new", *curve, "-keyout", made.key, "-out", asked)
    # Only this command takes an end that lies behind us.
    signed = ["-signkey", made.key, "-extfile", wish, "-days", str(days)]
    _openssl("x509", "-req", "-in", asked, *signed, "-out", made.certificate)
    return made


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
