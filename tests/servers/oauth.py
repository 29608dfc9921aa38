"""A token server on loopback: what Entra and Google do when they give tokens, and what they do when they do not.

    with TokenServer(folder) as server:
        server.apps["app"] = "secret"
        ...                                  # authority: server.authority, trusted with server.ca_file
        server.is_good(token)

It speaks HTTPS under a certificate of its own, and plain HTTP on `introspection_url` for an IMAP server that asks
whether a token is good. `requests` are the forms it got, `answers` (an HTTP status or HANG) go out instead of the
right ones, one after the other.
"""

import base64
import functools
import ipaddress
import json
import secrets
import ssl
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.servers.loopback import HOST

TENANT = "contoso.example"
HANG = -1
_GOOGLE_AUDIENCE = "https://oauth2.googleapis.com/token"  # google-auth writes it whatever the endpoint is
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass
class _Token:
    ends: float
    user: str


@dataclass
class _Code:
    user_code: str
    scope: str
    account: str | None = None
    declined: bool = False


@dataclass
class TokenServer:
    """The server; a context manager. `lifetime` of access tokens in seconds.

    `strict`: a refresh token dies when its successor is given (RFC 6749 allows it); Entra lets the old one live.
    """

    folder: Path
    lifetime: int = 3600
    strict: bool = False
    mailbox: str = "complaints@example.com"
    apps: dict[str, str] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)  # of apps, as PEM
    roles: tuple[str, ...] = ("IMAP.AccessAsApp", "SMTP.SendAsApp")
    refusals: list[tuple[str, str]] = field(default_factory=list)  # (error, description), one after the other
    answers: list[int] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    padding: int = 0  # makes tokens longer

    def __post_init__(self) -> None:
        self.ca_file, key = self_signed(self.folder / "token-server")
        self._tokens: dict[str, _Token] = {}
        self._refresh: dict[str, str] = {}
        self._codes: dict[str, _Code] = {}
        self._google: tuple[str, bytes] | None = None
        self._stopped = threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key)
        self._https = self._server()
        self._https.socket = context.wrap_socket(self._https.socket, server_side=True)
        self._http = self._server()

    @property
    def authority(self) -> str:
        return f"https://{HOST}:{self._https.server_port}/"

    @property
    def introspection_url(self) -> str:
        return f"http://{HOST}:{self._http.server_port}/introspect"

    def __enter__(self) -> Self:
        for server in (self._https, self._http):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for server in (self._https, self._http):
            server.shutdown()
            server.server_close()

    def asked(self, grant: str) -> int:
        """How often tokens were asked for by this grant."""
        return sum(form.get("grant_type") == grant for _, form in self.requests)

    def is_good(self, token: str, user: str | None = None) -> bool:
        known = self._tokens.get(token)
        return known is not None and known.ends > time.time() and user in (None, known.user)

    def revoke_tokens(self) -> None:
        """Access tokens are worth nothing from now on; whoever signed in may ask for new ones."""
        self._tokens.clear()

    def revoke_sign_ins(self) -> None:
        """As after a change of password."""
        self._refresh.clear()

    def approve(self, account: str = "care@example.com") -> None:
        """Somebody enters every code that waits."""
        for code in self._codes.values():
            code.account = account

    def decline(self) -> None:
        for code in self._codes.values():
            code.declined = True

    def service_account(self, email: str = "kesu@project.example") -> dict[str, str]:
        """Make a service account that may act for the mailbox; returns its key as Google's JSON file holds it."""
        key = _key()
        self._google = (email, _public_pem(key))
        return {
            "type": "service_account",
            "client_email": email,
            "client_id": "1234567890",
            "private_key_id": "k1",
            "private_key": _private_pem(key).decode(),
            "token_uri": f"{self.authority}token",
        }

    def respond(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer one request: the HTTP status and the document."""
        if path.endswith("/openid-configuration"):
            return self._discovery(path)
        self.requests.append((path, form))
        if path == "/elsewhere":
            return 200, {"error": "somebody_else"}
        if path == "/introspect":
            return self._introspection(form["token"])
        if self.refusals:
            error, description = self.refusals.pop(0)
            return 400, {"error": error, "error_description": description}
        if path.endswith("/devicecode"):
            return self._device_code(form)
        return self._grant(form)

    def awkward(self) -> int | None:
        """Take the wrong answer due now, if any."""
        return self.answers.pop(0) if self.answers else None

    def wait_for_end(self) -> None:
        self._stopped.wait()

    def _server(self) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer((HOST, 0), _Handler)
        server.daemon_threads = True
        server.owner = self  # type: ignore[attr-defined]
        return server

    def _discovery(self, path: str) -> tuple[int, dict[str, Any]]:
        tenant = path.split("/")[1]
        if tenant != TENANT:
            return 400, {"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant not found."}
        base = f"{self.authority}{tenant}"
        return 200, {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        }

    def _introspection(self, token: str) -> tuple[int, dict[str, Any]]:
        if not self.is_good(token):
            return 200, {"active": False}
        return 200, {"active": True, "email": self._tokens[token].user, "scope": "mail"}

    def _device_code(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        device, user = secrets.token_urlsafe(20), secrets.token_hex(4).upper()
        self._codes[device] = _Code(user, form["scope"])
        where = "https://login.example/device"
        return 200, {
            "device_code": device,
            "user_code": user,
            "verification_uri": where,
            "expires_in": 600,
            "interval": 1,
            "message": f"open {where} and enter {user}",
        }

    def _grant(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        grants = {
            "client_credentials": self._by_app,
            "refresh_token": self._by_refresh_token,
            _DEVICE: self._by_device_code,
            _ASSERTION: self._by_service_account,
        }
        return grants[form["grant_type"]](form)

    def _by_app(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        app = form["client_id"]
        if app not in self.apps and app not in self.certificates:
            return _refused(
                "unauthorized_client", f"AADSTS700016: Application with identifier '{app}' was not found."
            )
        if "client_assertion" in form:
            jwt.decode(
                form["client_assertion"],
                x509.load_pem_x509_certificate(self.certificates[app]).public_key(),  # type: ignore[arg-type]
                algorithms=["RS256", "PS256"],
                audience=f"{self.authority}{TENANT}/oauth2/v2.0/token",
            )
        elif form.get("client_secret") != self.apps[app]:
            said = (
                f"AADSTS7000215: Invalid client secret provided: {form.get('client_secret')}.\r\nTrace ID: 1"
            )
            return _refused("invalid_client", said)
        return 200, self._given(self.mailbox, {"roles": list(self.roles)})

    def _by_refresh_token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        old = form["refresh_token"]
        if old not in self._refresh:
            said = f"AADSTS50173: The provided grant {old} has expired due to it being revoked. Trace ID: 2"
            return _refused("invalid_grant", said)
        account = self._refresh[old]
        if self.strict:
            del self._refresh[old]
        return 200, self._signed_in(account, form)

    def _by_device_code(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        code = self._codes[form["device_code"]]
        if code.declined:
            return _refused("authorization_declined", "AADSTS70019: declined")
        if code.account is None:
            return _refused("authorization_pending", "AADSTS70016: not yet entered")
        return 200, self._signed_in(code.account, {**form, "scope": code.scope})

    def _by_service_account(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        assert self._google is not None
        email, public = self._google
        claims = jwt.decode(form["assertion"], public, algorithms=["RS256"], audience=_GOOGLE_AUDIENCE)
        if claims["iss"] != email or claims["scope"] != "https://mail.google.com/":
            return _refused("unauthorized_client", "Client is unauthorized to retrieve access tokens.")
        if claims["sub"] != self.mailbox:
            return _refused("invalid_grant", "Invalid email or User ID")
        return 200, self._given(claims["sub"], {})

    def _signed_in(self, account: str, form: dict[str, str]) -> dict[str, Any]:
        """Tokens of a person, who has access to the shared mailbox; the refresh token is another each time."""
        refresh = f"RT-{secrets.token_urlsafe(24)}"
        self._refresh[refresh] = account
        now = int(time.time())
        identity = {
            "iss": f"{self.authority}{TENANT}/v2.0",
            "aud": form["client_id"],
            "sub": account,
            "preferred_username": account,
            "iat": now,
            "exp": now + 3600,
            "tid": TENANT,
        }
        return {
            **self._given(self.mailbox, {"scp": "IMAP.AccessAsUser.All SMTP.Send"}),
            "refresh_token": refresh,
            "id_token": _unsigned(identity),
            "client_info": _b64(json.dumps({"uid": account, "utid": TENANT}).encode()),
            "scope": form.get("scope", ""),
        }

    def _given(self, user: str, claims: dict[str, Any]) -> dict[str, Any]:
        token = _unsigned({**claims, "jti": secrets.token_urlsafe(12), "pad": "x" * self.padding})
        self._tokens[token] = _Token(time.time() + self.lifetime, user)
        return {"token_type": "Bearer", "access_token": token, "expires_in": self.lifetime}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._respond({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._respond({name: values[0] for name, values in parse_qs(body).items()})

    def _respond(self, form: dict[str, str]) -> None:
        owner: TokenServer = self.server.owner  # type: ignore[attr-defined]
        path = urlsplit(self.path).path
        status = None if path == "/introspect" else owner.awkward()
        if status == HANG:
            owner.wait_for_end()
            return
        if status is not None:
            self._send(status, b"<html>not now</html>", owner)
            return
        code, document = owner.respond(path, form)
        self._send(code, json.dumps(document).encode())

    def _send(self, status: int, content: bytes, owner: TokenServer | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if owner is not None and 300 <= status < 400:
            self.send_header("Location", f"{owner.authority}elsewhere")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def self_signed(stem: Path, days: int = 2) -> tuple[Path, Path]:
    """Make a certificate for loopback, its own authority: PEM files of the certificate and the key."""
    key = _key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HOST))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = stem.with_suffix(".pem"), stem.with_suffix(".key")
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(_private_pem(key))
    return certificate_file, key_file


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    """One key for all: making one takes long, and nothing here needs two."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _refused(error: str, description: str) -> tuple[int, dict[str, Any]]:
    return 401 if error == "invalid_client" else 400, {"error": error, "error_description": description}


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _unsigned(claims: dict[str, Any]) -> str:
    return f"{_b64(b'{}')}.{_b64(json.dumps(claims).encode())}.{_b64(b'signature')}"


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
