"""Asks a server: within a deadline, so many requests at a time, again where that may help, and nobody else.

The only importer of httpx2. No proxy of the environment is used, no redirect followed, no certificate left unverified,
and no reply taken that is larger than ``MAX_REPLY_BYTES``.
"""

import json
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx2
from anyio.from_thread import start_blocking_portal

from scanmend.errors import EndpointFailed, ModelError
from scanmend.llm.remote import retries
from scanmend.llm.remote.wire import Nonsense, Request

MAX_REPLY_BYTES = 16 * 2**20
"""Largest reply that is read: log-probabilities of a long text take some hundred KiB."""
CONNECT_S = 10.0
"""Seconds that a connection may take, TLS included."""

_T = TypeVar("_T")


class _Passing(Exception):
    """A failure that may be gone at the next try."""

    def __init__(self, why: str, retry_after_s: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class Client:
    """Connections to one server, kept open between requests; used by one thread at a time."""

    def __init__(self, url: str, key: str, *, ca_file: Path | None = None, connections: int = 1) -> None:
        """``url``: the endpoint. ``ca_file``: who signs its certificate, in place of the system's authorities."""
        try:
            tls = ssl.create_default_context(cafile=ca_file)
        except (OSError, ssl.SSLError) as e:
            raise EndpointFailed(f"ca_file {ca_file} cannot be used: {e}") from e
        self._root = url.rstrip("/")
        self._host = httpx2.URL(url).netloc.decode("ascii", "replace")
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        self._http = httpx2.AsyncClient(
            headers=headers | ({"Authorization": f"Bearer {key}"} if key else {}),
            verify=tls,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(None, connect=CONNECT_S),
            limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
        )
        self._connections = connections
        self._entered = start_blocking_portal()
        self._portal = self._entered.__enter__()

    def close(self) -> None:
        """Close all connections, and end the thread that they are served by."""
        self._portal.call(self._http.aclose)
        self._entered.__exit__(None, None, None)

    def ask(self, request: Request, take: Callable[[Any], _T], limit_s: float) -> _T:
        """Return what ``take`` makes of the answer; as ``ask_all``."""
        return self.ask_all([request], [take], limit_s)[0]

    def ask_all(self, requests: Sequence[Request], takes: Sequence[Callable[[Any], _T]], limit_s: float) -> list[_T]:
        """Return what each of ``takes`` makes of the answer to its request, all within ``limit_s`` seconds.

        What ``take`` finds to be Nonsense is asked for again. EndpointFailed when the server cannot be used;
        ModelError when it refuses just this request.
        """
        return self._portal.call(self._within, requests, takes, limit_s)

    async def _within(
        self, requests: Sequence[Request], takes: Sequence[Callable[[Any], _T]], limit_s: float
    ) -> list[_T]:
        done: dict[int, _T] = {}
        failed: list[ModelError] = []
        places = anyio.CapacityLimiter(self._connections)

        async def one(i: int) -> None:
            try:
                async with places:
                    done[i] = await self._persistently(requests[i], takes[i])
            except ModelError as e:
                failed.append(e)
                group.cancel_scope.cancel()

        try:
            with anyio.fail_after(limit_s):
                async with anyio.create_task_group() as group:
                    for i in range(len(requests)):
                        group.start_soon(one, i)
        except TimeoutError as e:
            raise EndpointFailed(f"{self._host} gave no whole answer within {limit_s:g} s") from e
        if failed:
            raise failed[0]
        return [done[i] for i in range(len(requests))]

    async def _persistently(self, request: Request, take: Callable[[Any], _T]) -> _T:
        for tries in range(1, retries.TRIES + 1):
            try:
                return take(await self._once(request))
            except Nonsense as e:
                last = _Passing(str(e))
            except _Passing as e:
                last = e
            pause_s = retries.pause_s(tries, last.retry_after_s)
            left_s = anyio.current_effective_deadline() - anyio.current_time()
            if tries == retries.TRIES or pause_s >= left_s:
                break
            await anyio.sleep(pause_s)
        raise EndpointFailed(f"{self._host}: {last}", last.retry_after_s)

    async def _once(self, request: Request) -> Any:
        url = str(httpx2.URL(f"{self._root}/").join(request.path))
        method = "GET" if request.body is None else "POST"
        try:
            async with self._http.stream(method, url, json=request.body) as response:
                self._require_success(response)
                data = await _read(response)
        except httpx2.HTTPError as e:
            raise _Passing(f"{type(e).__name__}: {e}") from e
        if not request.wants_answer:
            return None
        try:
            return json.loads(data or b"null")
        except (ValueError, RecursionError) as e:
            raise _Passing("it answered what is no JSON") from e

    def _require_success(self, response: httpx2.Response) -> None:
        """Raise for any code but success; nothing of the body is repeated, which may hold text of the scan."""
        code = response.status_code
        if response.is_success:
            return
        if code in retries.PASSING:
            after_s = retries.retry_after_s(response.headers.get("Retry-After"), time.time())
            raise _Passing(f"it answered {code} {response.reason_phrase[:60]}", after_s)
        if response.is_redirect:
            raise EndpointFailed(f"{self._host} sends on to another address ({code}), which is not followed")
        if code in (401, 403):
            raise EndpointFailed(f"{self._host} does not take the key ({code}); see api_key_file")
        if code in (404, 405, 501):
            raise EndpointFailed(f"{self._host} has no such model or address ({code}); see endpoint and model")
        raise ModelError(f"{self._host} refused a request ({code}); its log says why")


async def _read(response: httpx2.Response) -> bytes:
    data = bytearray()
    async for part in response.aiter_raw():
        data += part
        if len(data) > MAX_REPLY_BYTES:
            raise _Passing(f"its answer is larger than {MAX_REPLY_BYTES >> 20} MiB")
    return bytes(data)
