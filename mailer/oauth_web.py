"""How the providers' token endpoints are reached: HTTPS only, verified, bounded in time, never redirected.

One class for both libraries: msal wants `get` and `post`, google-auth something to call.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from google.auth import transport

from mailer.oauth import TokenUnavailable

_TOO_MANY = 429
_THEIR_FAULT = 500


class _Answer(transport.Response):
    """An answer as google-auth reads it."""

    def __init__(self, answer: requests.Response) -> None:
        self._answer = answer

    @property
    def status(self) -> int:
        return self._answer.status_code

    @property
    def headers(self) -> dict[str, str]:
        return dict(self._answer.headers)

    @property
    def data(self) -> bytes:
        return self._answer.content


class Web(transport.Request):
    """Asks a token endpoint. `ca_file` names the authority to trust instead of the public ones.

    TokenUnavailable where there is no answer, and for 429 and 5xx; any other answer is the library's to read.
    """

    def __init__(self, ca_file: Path | None = None, *, timeout: float = 30) -> None:
        self._verify: str | bool = True if ca_file is None else str(ca_file)
        self._timeout = timeout

    def get(self, url: str, **arguments: Any) -> requests.Response:
        """Send a GET, as msal asks for it."""
        return self._send("GET", url, **arguments)

    def post(self, url: str, **arguments: Any) -> requests.Response:
        """Send a POST, as msal asks for it."""
        return self._send("POST", url, **arguments)

    def close(self) -> None:
        """Nothing is kept open: a token is fetched once in an hour."""

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Any = None,
        timeout: float | None = None,  # noqa: ARG002 ours holds for every request
        **_kwargs: Any,
    ) -> _Answer:
        """Send a request, as google-auth asks for it."""
        return _Answer(self._send(method, url, data=body, headers=headers))

    def _send(self, method: str, url: str, **arguments: Any) -> requests.Response:
        host = urlsplit(url).hostname or "?"
        if urlsplit(url).scheme != "https":
            raise TokenUnavailable(f"{host}: tokens are fetched by https only", permanent=True)
        # verify with every request: requests lets an environment variable overrule a session's own. A redirect would
        # carry the secret to wherever it leads.
        try:
            answer = requests.request(
                method, url, verify=self._verify, timeout=self._timeout, allow_redirects=False, **arguments
            )
        except requests.exceptions.SSLError as error:
            raise _of_tls(host, error) from error
        except (requests.exceptions.RequestException, OSError) as error:
            raise TokenUnavailable(f"{host} cannot be reached: {_kind(error)}", permanent=False) from error
        if answer.status_code >= _THEIR_FAULT or answer.status_code == _TOO_MANY:
            raise TokenUnavailable(f"{host} answers {answer.status_code}", permanent=False)
        return answer


def _of_tls(host: str, error: Exception) -> TokenUnavailable:
    if "CERTIFICATE" in str(error):
        advice = "oauth2.ca_file names your own authority"
        return TokenUnavailable(f"the certificate of {host} is not trusted", permanent=True, advice=advice)
    return TokenUnavailable(f"{host} speaks no TLS ({_kind(error)})", permanent=False)


def _kind(error: Exception) -> str:
    """Name a failure without its text, which may hold what was sent."""
    return type(error).__name__
