"""The load: processes with plain blocking sockets, a new connection for each request, as sync workers need it.

A process spends about 50 microseconds of its own on a request, a small part of what the fastest view takes. It
shares the cores with the servers; that is the same for every variant, so ratios stand.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from infra.local.processes import LOOPBACK

_CHUNK = 65536
_FORK = multiprocessing.get_context("fork")


class UnexpectedAnswer(RuntimeError):
    """A server answered with another status than the variant expects; the text holds the answer."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of one variant showed. `latencies` are seconds, sorted."""

    requests: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that `share` of the requests did not exceed."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)] * 1000


def run(port: int, work: Sequence[Sequence[bytes]], *, seconds: float, status: int) -> Result:
    """Send requests for `seconds`, one sender for each list in `work`; a list of one request is repeated.

    A longer list is sent once through, each request once. Raises UnexpectedAnswer.
    """
    pipes: list[Connection] = []
    senders = []
    begin = time.perf_counter() + 0.1
    for requests in work:
        ours, theirs = _FORK.Pipe(duplex=False)
        sender = _FORK.Process(target=_send, args=(theirs, port, requests, begin, begin + seconds, status))
        sender.start()
        theirs.close()
        pipes.append(ours)
        senders.append(sender)
    answers = [pipe.recv() for pipe in pipes]
    for sender in senders:
        sender.join()
    for answer in answers:
        if isinstance(answer, str):
            raise UnexpectedAnswer(answer)
    latencies = sorted(latency for found, _end in answers for latency in found)
    return Result(
        requests=len(latencies),
        seconds=max(end for _found, end in answers) - begin,
        latencies=latencies,
    )


def request(
    method: str, path: str, *, host: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Return the bytes of one HTTP request that closes its connection."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", "X-Forwarded-Proto: https"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _send(  # noqa: PLR0917 - a process's target takes plain arguments
    pipe: Connection, port: int, requests: Sequence[bytes], begin: float, end: float, status: int
) -> None:
    expected = f"HTTP/1.1 {status} ".encode()
    latencies: list[float] = []
    time.sleep(max(begin - time.perf_counter(), 0))
    now = time.perf_counter()
    position = 0
    while now < end and position < len(requests):
        answer = _exchange(port, requests[position])
        if not answer.startswith(expected):
            pipe.send(
                answer[:2000].decode("utf-8", "replace") or "the connection was closed without an answer"
            )
            return
        after = time.perf_counter()
        latencies.append(after - now)
        now = after
        if len(requests) > 1:
            position += 1
    pipe.send((latencies, now))


def _exchange(port: int, message: bytes) -> bytes:
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.connect((LOOPBACK, port))
        connection.sendall(message)
        answer = connection.recv(_CHUNK)
        while chunk := connection.recv(_CHUNK):
            answer += chunk
    finally:
        connection.close()
    return answer
