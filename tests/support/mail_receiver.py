"""A mail server on this machine that takes messages by SMTP from whoever knows the password, and keeps them."""

import asyncio
import base64
import email
import email.policy
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Self

USER, PASSWORD = "porter", "sesame"
"""Who may send."""
MAX_WAIT_S = 20.0
"""How long to wait for the server's own thread, in seconds."""


@dataclass(frozen=True)
class Mail:
    """One message as it was handed over."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        """The part that every mail program can show."""
        part = self.message.get_body(("plain",))
        return part.get_content() if part else ""


class MailReceiver:
    """Keeps what was sent; refuses the recipients that it is told to refuse."""

    def __init__(self, *refused: str) -> None:
        self.got: list[Mail] = []
        self.lines: list[str] = []
        """Commands, without what was sent as a password."""
        self._refused = refused
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mail")
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return self._server.sockets[0].getsockname()[1]

    def address(self, to: str = "office@example.org", secret: str = PASSWORD) -> str:
        """The apprise URL of a mailbox of this server."""
        sender = "scanmend@example.org"
        return (
            f"mailto://{USER}:{secret}@127.0.0.1:{self.port}/?smtp=127.0.0.1&from={sender}&to={to}&mode=insecure&rto=2"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(MAX_WAIT_S)

    async def _close(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Conversation(self, self._refused, reader, writer).hold()
        finally:
            writer.close()


class _Conversation:
    """One client's connection, by RFC 5321 and the LOGIN and PLAIN of RFC 4954."""

    def __init__(self, server, refused, reader, writer) -> None:
        self._server, self._refused, self._reader, self._writer = server, refused, reader, writer
        self._sender, self._recipients, self._is_known = "", [], False

    async def hold(self) -> None:
        """Answer until the client leaves."""
        await self._say("220 mail.test ready")
        while line := await self._hear():
            verb, _, rest = line.partition(" ")
            self._server.lines.append(line if verb.upper() != "AUTH" else f"AUTH {rest.split()[0]}")
            if not await self._answer(verb.upper(), rest):
                return

    async def _answer(self, verb: str, rest: str) -> bool:
        match verb:
            case "EHLO":
                await self._say("250-mail.test", "250 AUTH PLAIN LOGIN")
            case "AUTH":
                self._is_known = await self._credentials(rest) == (USER, PASSWORD)
                await self._say("235 welcome" if self._is_known else "535 these credentials are wrong")
            case "MAIL":
                self._sender, self._recipients = _address(rest), []
                await self._say("250 from you" if self._is_known else "530 say first who you are")
            case "RCPT" if _address(rest) in self._refused:
                await self._say("550 no such mailbox")
            case "RCPT":
                self._recipients.append(_address(rest))
                await self._say("250 to them")
            case "DATA":
                await self._say("354 end with a dot")
                self._keep(await self._content())
                await self._say("250 kept")
            case "QUIT":
                await self._say("221 bye")
                return False
            case _:
                await self._say("250 as you like")
        return True

    async def _credentials(self, rest: str) -> tuple[str, ...]:
        kind, _, given = rest.partition(" ")
        if kind.upper() == "PLAIN":
            return tuple(_decoded(given or await self._ask("334 ")).split("\0")[1:])
        return _decoded(given or await self._ask("334 VXNlcm5hbWU6")), _decoded(await self._ask("334 UGFzc3dvcmQ6"))

    async def _ask(self, question: str) -> str:
        await self._say(question)
        return await self._hear()

    async def _content(self) -> bytes:
        lines = []
        while (line := await self._reader.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _keep(self, content: bytes) -> None:
        message = email.message_from_bytes(content, policy=email.policy.default)
        self._server.got.append(Mail(self._sender, tuple(self._recipients), message))

    async def _hear(self) -> str:
        return (await self._reader.readline()).decode("utf-8").rstrip("\r\n")

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()


def _address(rest: str) -> str:
    return rest[rest.find("<") + 1 : rest.find(">")]


def _decoded(text: str) -> str:
    return base64.b64decode(text).decode()
