"""What to do when a provider gives no token, or its mail server does not take one.

Entra's codes (AADSTS…) are Microsoft's list "Microsoft Entra authentication and authorization error codes"; the other
errors are RFC 6749 (5.2) and RFC 8628 (3.5), and what the providers write about their mail servers.
"""

import base64
import json
import re

LOGIN = "run `kesu mailbox login`"

_ENTRA = {
    7000215: "the client secret is wrong; take the secret's value, not its id",
    7000222: "the client secret has expired; make a new one in Entra and replace it here",
    7000218: 'switch on "Allow public client flows" in the app registration, or use flow = "client-credentials"',
    7000112: "the app is switched off in Entra",
    700016: "there is no such app in this tenant; check oauth2.client_id and oauth2.tenant",
    700027: "the certificate does not belong to the app; upload it to the app registration",
    700024: "the machine's clock is wrong, so its signature is not in force",
    90002: "there is no such tenant; check oauth2.tenant, and oauth2.authority for 21Vianet",
    900023: "the tenant is neither an id nor a domain; check oauth2.tenant",
    50194: "the app belongs to one tenant only; name it in oauth2.tenant instead of common",
    500011: "the tenant has no such service; check oauth2.scopes, and oauth2.authority for 21Vianet",
    70011: "oauth2.scopes asks for what does not exist",
    65001: "an administrator has to consent to the app's permissions (API permissions, Grant admin consent)",
    50105: "the account is not assigned to the app (Enterprise applications, Users and groups)",
    50020: "the account belongs to another tenant; sign in with one of yours",
    50126: "the user name or the password is wrong",
    50034: "there is no such account in this tenant",
    50053: "the account is locked after too many wrong passwords, or the address is blocked",
    50055: f"the account's password has expired; change it, then {LOGIN}",
    50057: "the account is switched off",
    50076: f"the account has to sign in with a second factor: {LOGIN}",
    50079: f"the account has to register a second factor: do so, then {LOGIN}",
    53003: "a Conditional Access policy forbids it; ask the administrator to admit this app",
    50173: f"the sign-in was revoked, as after a change of password: {LOGIN}",
    50133: f"the sign-in has ended, as after a change of password: {LOGIN}",
    70008: f"the sign-in has expired: {LOGIN}",
    700082: f"the sign-in was not used for too long and has expired: {LOGIN}",
    70043: f"the sign-in has expired by a Conditional Access policy: {LOGIN}",
}
_ENTRA_PASSES = frozenset({90033, 50196, 90055})  # "transient", "loop detected", "too many requests"
_ERRORS = {
    "invalid_grant": f"the sign-in is not valid any more: {LOGIN}",
    "interaction_required": f"the account has to sign in again: {LOGIN}",
    "invalid_client": "check oauth2.client_id and the client secret or certificate",
    "unauthorized_client": "the app may not ask for this; check its permissions and oauth2.flow",
    "invalid_scope": "oauth2.scopes asks for what does not exist",
    "access_denied": "it was declined",
    "authorization_declined": "it was declined",
    "expired_token": f"the code has expired: {LOGIN} again",
    "authorization_pending": f"nobody entered the code in time: {LOGIN} again",
}
_GOOGLE = (
    (
        "unauthorized_client",
        (
            "Admin console, Security, API controls, Domain-wide delegation: add the service account's client id "
            "with the scope https://mail.google.com/"
        ),
    ),
    ("account not found", "the service account does not exist any more; make a new key"),
    ("invalid email or user id", "oauth2.subject is no mailbox of the domain"),
    ("invalid jwt signature", "the key was deleted; make a new one for the service account"),
    ("short-lived", "the machine's clock is wrong, so its signature is not in force"),
    ("disabled_client", "the service account is switched off"),
)
_PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down", "internal_failure"})

_LOGINS = (
    (
        r"authenticated but not connected",
        (
            "the token is good, the mailbox is not open to it: give the app (client-credentials) or the account that "
            "signed in full access: Add-MailboxPermission … -AccessRights FullAccess; it takes some minutes"
        ),
    ),
    (
        r"SmtpClientAuthentication is disabled",
        "SMTP AUTH is off: Set-CASMailbox -Identity MAILBOX -SmtpClientAuthenticationDisabled $false",
    ),
    (
        r"security defaults",
        "security defaults forbid passwords: use [mailbox.oauth2], docs/providers/microsoft365.md",
    ),
    (
        r"\b5\.7\.30\b|basic auth(entication)? (is )?(disabled|blocked|not supported)",
        "Microsoft takes no passwords any more: use [mailbox.oauth2], docs/providers/microsoft365.md",
    ),
    (
        r"\b5\.7\.139\b",
        (
            "a policy of the tenant forbids this login: SMTP AUTH off for the mailbox, security defaults or "
            "Conditional Access; docs/providers/microsoft365.md"
        ),
    ),
    (
        r"\b5\.7\.60\b|SendAsDenied",
        "the account may not send as this address: Add-RecipientPermission … -AccessRights SendAs",
    ),
    (
        r"\b5\.7\.3\b.*unsuccessful",
        (
            "the token lacks SMTP.SendAsApp (or SMTP.Send), the service principal is missing, or SMTP AUTH is off for "
            "the mailbox; docs/providers/microsoft365.md"
        ),
    ),
    (
        r"application-specific password|\b5\.7\.9\b|web login required",
        "Google takes no account's password: use [mailbox.oauth2] or an app password, docs/providers/gmail.md",
    ),
    (
        r"access token refused|AUTHENTICATE failed",
        (
            "the server does not take the token: check that username is the mailbox, the app's consent, "
            "for Microsoft New-ServicePrincipal with the enterprise application's object id, and that IMAP is on"
        ),
    ),
)


def entra_advice(error: str, description: str) -> tuple[str, bool]:
    """Return what to do about an error of Entra's token endpoint, and whether only a person can do it."""
    code = entra_code(description)
    if code is not None and code in _ENTRA_PASSES:
        return "", False
    if code is not None and code in _ENTRA:
        return _ENTRA[code], True
    return _ERRORS.get(error, ""), error not in _PASSING


def google_advice(said: str) -> tuple[str, bool]:
    """Return what to do about an error of Google's token endpoint, and whether only a person can do it."""
    words = said.lower()
    if any(error in words for error in _PASSING):
        return "", False
    return next((advice for sign, advice in _GOOGLE if sign in words), ""), True


def login_advice(reply: str) -> str:
    """Return what to do about a mail server's refusal, empty if these words say nothing we know."""
    return next((advice for sign, advice in _LOGINS if re.search(sign, reply, re.IGNORECASE)), "")


def permissions_of(token: str) -> frozenset[str] | None:
    """Return what an Entra token says it permits (`roles` of an app, `scp` of a person), None if it says nothing.

    A hint for people only: to us a token is opaque, and its signature is not looked at.
    """
    part = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return frozenset(claims.get("roles", ())) | frozenset(str(claims.get("scp", "")).split())
    except (ValueError, AttributeError, TypeError):
        return None


def entra_code(description: str) -> int | None:
    """Return the number of an AADSTS code in an error's description."""
    found = re.search(r"AADSTS(\d{4,8})", description)
    return int(found[1]) if found else None


def first_line(description: str, secrets: tuple[str, ...] = ()) -> str:
    """Return what an error's description says before its trace ids, short, without any of `secrets`."""
    line = re.split(r"[\r\n]| Trace ID:| Correlation ID:", description, maxsplit=1)[0]
    for secret in secrets:
        line = line.replace(secret, "…") if secret else line
    return printable(line)[:240]


def printable(text: str) -> str:
    """Return a provider's words without what a terminal would obey."""
    return "".join(sign for sign in text if sign.isprintable())
