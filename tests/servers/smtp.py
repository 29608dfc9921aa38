"""An SMTP server on loopback that keeps what it accepts and misbehaves as a test tells it.

    with RecordingSmtp() as server:
        server.misbehave("RCPT", "451 4.7.1 greylisted, come back", times=1)
        ...
        server.mails[0].content

A misbehaviour is an answer instead of the right one, or DROP (the connection ends without one), or HANG (no answer
until the server stops). Stages: CONNECT, AUTH, MAIL, RCPT, DATA (before the text), TEXT (the text has arrived; with
`keep=True` it is kept all the same, as if only the answer got lost). An answer of
421 or 554 5.3.2 also ends the session.
"""

import asyncio
import base64
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event, Thread
from typing import Literal, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.guards import PATIENCE
from tests.servers.loopback import HOST, free_port

Stage = Literal["CONNECT", "AUTH", "MAIL", "RCPT", "DATA", "TEXT"]
DROP = "drop"
HANG = "hang"
_OF_DSN = ("RET=", "ENVID=", "NOTIFY=", "ORCPT=")


@dataclass(frozen=True)
class Mail:
    """One accepted mail and the number of the session (from 1) that brought it."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    session: int

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        parsed = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class _Fault:
    stage: Stage
    answer: str
    left: int
    after: int  # mails accepted in the same session before it strikes
    when: Callable[[str], bool]
    keep: bool


class RecordingSmtp:
    """The server; a context manager that starts and stops it. `login` (user, password) makes logging in a must.

    `tls` speaks TLS from the first byte, `starttls` offers it. `offers`: more lines of its EHLO, such as DSN, whose
    parameters it takes; `most_bytes`: its SIZE, 0 for none; `utf8`: SMTPUTF8 is offered. `bearer` (user, token) tells
    whether a token opens the mailbox; then the login is by token only, with one of `mechanisms`, and `attempts` are the
    logins tried.
    """

    def __init__(
        self,
        *,
        login: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        offers: tuple[str, ...] = (),
        most_bytes: int = 33_554_432,
        utf8: bool = False,
        bearer: Callable[[str, str], bool] | None = None,
        mechanisms: Sequence[str] = ("XOAUTH2",),
    ) -> None:
        self.bearer = bearer
        self.mechanisms = mechanisms
        self.attempts: list[tuple[str, str]] = []
        self.host = HOST
        self.port = free_port()
        self.mails: list[Mail] = []
        self.sessions = 0
        self.hanging = 0  # sessions that wait for an answer of ours
        self.commands: list[str] = []
        self.login = login
        self.starttls = starttls
        self.offers = offers
        self.most_bytes = most_bytes
        self.utf8 = utf8
        self._faults: list[_Fault] = []
        self._loop = _Loop(self, tls)

    def misbehave(
        self,
        stage: Stage,
        answer: str,
        *,
        times: int = 1_000_000,
        after: int = 0,
        when: Callable[[str], bool] = lambda _argument: True,
        keep: bool = False,
    ) -> None:
        """Answer so at `stage`, `times` times, once `after` mails have gone through the session.

        `when` gets the address at MAIL and RCPT, so that one recipient can be refused and others not.
        """
        self._faults.append(_Fault(stage, answer, times, after, when, keep))

    async def hang(self) -> None:
        """Let a session wait for an answer that does not come."""
        self.hanging += 1
        await asyncio.sleep(3600)

    def behave(self) -> None:
        """Forget all misbehaviour."""
        self._faults.clear()

    def fault(self, stage: Stage, argument: str, mails: int) -> _Fault | None:
        """Take the misbehaviour due now, if any."""
        for fault in self._faults:
            if fault.stage == stage and fault.left > 0 and mails >= fault.after and fault.when(argument):
                fault.left -= 1
                return fault
        return None

    def __enter__(self) -> Self:
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.stop()


class _Server(SMTP):
    """One session."""

    def __init__(self, owner: RecordingSmtp) -> None:
        if owner.bearer is not None:
            self.line_length_limit = 12288  # RFC 4954, 4: as long may an answer to a challenge be
        super().__init__(
            _Handler(owner),
            hostname="mail.example.com",
            ident="recording",
            timeout=600,
            loop=asyncio.get_running_loop(),
            tls_context=owner.starttls,
            auth_required=owner.login is not None or owner.bearer is not None,
            auth_exclude_mechanism=_excluded(owner),
            auth_require_tls=False,
            authenticator=_authenticator(owner) if owner.login else None,
            data_size_limit=owner.most_bytes,
            enable_SMTPUTF8=owner.utf8,
        )
        self.owner = owner
        self.accepted = 0
        self.number = 0

    async def struck(self, stage: Stage, argument: str = "") -> _Fault | None:
        """Misbehave if told so; the caller goes on only after None."""
        fault = self.owner.fault(stage, argument, self.accepted)
        if fault is None:
            return None
        if fault.answer == HANG:
            await self.owner.hang()
        if fault.answer != DROP:
            await self.push(fault.answer)
        if fault.answer == DROP or fault.answer.startswith(("421", "554 5.3.2")):
            assert self.transport is not None
            self.transport.close()  # type: ignore[attr-defined]
        return fault

    async def _handle_client(self) -> None:
        self.owner.sessions += 1
        self.number = self.owner.sessions
        if await self.struck("CONNECT") is None:
            await super()._handle_client()

    async def smtp_MAIL(self, arg: str | None) -> None:
        self.owner.commands.append(f"MAIL {arg}")
        if await self.struck("MAIL", arg or "") is None:
            await super().smtp_MAIL(self._known(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:
        self.owner.commands.append(f"RCPT {arg}")
        if await self.struck("RCPT", arg or "") is None:
            await super().smtp_RCPT(self._known(arg))

    def _known(self, arg: str | None) -> str | None:
        """Leave out the parameters of DSN, which aiosmtpd does not know, where it is offered."""
        if arg is None or "DSN" not in self.owner.offers:
            return arg
        return " ".join(word for word in arg.split(" ") if not word.startswith(_OF_DSN))

    async def smtp_DATA(self, arg: str) -> None:
        self.owner.commands.append("DATA")
        if await self.struck("DATA") is None:
            await super().smtp_DATA(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if await self.struck("AUTH") is None:
            await super().smtp_AUTH(arg)

    async def auth_XOAUTH2(self, _: SMTP, args: list[str]) -> AuthResult:
        said = await self._first_answer(args)
        user, _, bearer = said.removeprefix("user=").partition("\x01")
        return await self._judge(user, bearer)

    async def auth_OAUTHBEARER(self, _: SMTP, args: list[str]) -> AuthResult:
        header, _, rest = (await self._first_answer(args)).partition("\x01")
        user = header.removeprefix("n,a=").removesuffix(",").replace("=2C", ",").replace("=3D", "=")
        return await self._judge(user, next(part for part in rest.split("\x01") if part.startswith("auth=")))

    async def _first_answer(self, args: list[str]) -> str:
        if len(args) > 1:
            return base64.b64decode(args[1]).decode()
        answer = await self.challenge_auth("")
        assert isinstance(answer, bytes)
        return answer.decode()

    async def _judge(self, user: str, bearer: str) -> AuthResult:
        assert self.owner.bearer is not None
        token = bearer.removeprefix("auth=Bearer ").rstrip("\x01")
        self.owner.attempts.append((user, token))
        if self.owner.bearer(user, token):
            return AuthResult(success=True)
        dummy = await self.challenge_auth('{"status":"401","schemes":"bearer","scope":"mail"}')
        assert dummy in (b"", b"\x01"), dummy
        return AuthResult(success=False, handled=False, message="535 5.7.3 Authentication unsuccessful")

    async def smtp_QUIT(self, arg: str | None) -> None:
        self.owner.commands.append("QUIT")
        await super().smtp_QUIT(arg)


class _Handler:
    def __init__(self, owner: RecordingSmtp) -> None:
        self._owner = owner

    async def handle_EHLO(
        self, _server: _Server, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [responses[0], *(f"250-{line}" for line in self._owner.offers), *responses[1:]]

    async def handle_DATA(self, server: _Server, _session: Session, envelope: Envelope) -> str:
        fault = await self._lost_answer(server, envelope)
        if fault is not None:
            return fault
        self._keep(server, envelope)
        return f"250 2.0.0 queued as {len(self._owner.mails)}"

    async def _lost_answer(self, server: _Server, envelope: Envelope) -> str | None:
        fault = self._owner.fault("TEXT", "", server.accepted)
        if fault is None:
            return None
        if fault.keep:
            self._keep(server, envelope)
        if fault.answer == HANG:
            await self._owner.hang()
        if fault.answer == DROP:
            assert server.transport is not None
            server.transport.close()  # type: ignore[attr-defined]
            await asyncio.sleep(3600)  # the session is cancelled meanwhile
        return fault.answer

    def _keep(self, server: _Server, envelope: Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        assert envelope.mail_from is not None
        server.accepted += 1
        self._owner.mails.append(Mail(envelope.mail_from, tuple(envelope.rcpt_tos), content, server.number))


class _Loop:
    """The event loop that serves, in a thread of its own."""

    def __init__(self, owner: RecordingSmtp, tls: ssl.SSLContext | None) -> None:
        self._owner = owner
        self._tls = tls
        self._ready = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE), "the SMTP server did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(PATIENCE)

    async def _serve(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(
            lambda: _Server(self._owner), self._owner.host, self._owner.port, ssl=self._tls
        )
        self._ready.set()
        await self._stopped.wait()
        server.close()  # asyncio.run ends the sessions that hang


def _excluded(owner: RecordingSmtp) -> set[str]:
    if owner.bearer is None:
        return {"XOAUTH2", "OAUTHBEARER"}
    return {"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"} - set(owner.mechanisms)


def _authenticator(owner: RecordingSmtp) -> Callable[..., AuthResult]:
    def check(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        assert owner.login is not None
        right = (given.login.decode(), given.password.decode()) == owner.login
        return AuthResult(success=right, handled=False)

    return check
