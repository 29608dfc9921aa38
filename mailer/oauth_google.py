"""Tokens of Google Workspace: a service account that acts for the mailbox (domain-wide delegation).

Google's device flow does not admit the scope of IMAP and SMTP ("OAuth 2.0 for TV and Limited-Input Device
Applications", allowed scopes), so there is no login at a keyboard; a single Gmail account uses an app password.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from google.auth import exceptions
from google.oauth2 import service_account

from mailer.oauth import Granted, TokenUnavailable
from mailer.oauth_advice import first_line, google_advice
from mailer.oauth_web import Web

SCOPES = ("https://mail.google.com/",)
_AN_HOUR = 3600.0


class ServiceAccount:
    """Asks for tokens of the mailbox `subject` with a service account's key, as its JSON file holds it.

    `now` is the time of day, by which google-auth says when a token ends.
    """

    def __init__(
        self,
        key: Callable[[], Mapping[str, Any]],
        subject: str,
        web: Web,
        *,
        now: Callable[[], datetime],
        scopes: Sequence[str] = SCOPES,
    ) -> None:
        self._key = key
        self._subject = subject
        self._scopes = list(scopes)
        self._web = web
        self._now = now

    def __repr__(self) -> str:
        return f"ServiceAccount({self._subject})"

    def grant(self, _anew: bool) -> Granted:
        """Sign a request with the key and change it for a token (RFC 7523); TokenUnavailable."""
        credentials = self._credentials()
        try:
            credentials.refresh(self._web)
        except (exceptions.GoogleAuthError, ValueError, KeyError, TypeError) as error:
            raise _unavailable(error) from None  # google-auth's error carries the whole answer
        if not isinstance(credentials.token, str) or not credentials.token:
            raise TokenUnavailable("Google's answer holds no token", permanent=False)
        return Granted(credentials.token, self._seconds(credentials.expiry))

    def _credentials(self) -> Any:
        try:
            return service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
                self._key(), scopes=self._scopes, subject=self._subject
            )
        except (ValueError, KeyError, TypeError, exceptions.GoogleAuthError):
            raise TokenUnavailable(
                "oauth2.service_account_file is no key of a service account (JSON)", permanent=True
            ) from None

    def _seconds(self, expiry: datetime | None) -> float:
        if expiry is None:
            return _AN_HOUR
        return max(0.0, (expiry.replace(tzinfo=UTC) - self._now()).total_seconds())


def _unavailable(error: Exception) -> TokenUnavailable:
    said = first_line(str(error.args[0]) if error.args else type(error).__name__)
    advice, permanent = google_advice(said)
    return TokenUnavailable(f"Google gives no token ({said})", permanent=permanent, advice=advice)
