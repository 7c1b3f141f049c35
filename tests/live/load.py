"""Open boards that ask again and again, over HTTP: `python -m tests.live.load URL COOKIE [BOARDS] [SECONDS] [EVERY]`.

Each board opens like a browser's (state, skeleton, prices) and then polls; the figures are those of the polls alone.
"""

import sys
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from json import loads
from urllib.parse import quote, urlsplit


@dataclass
class Figures:
    """What the polls saw: seconds each, bytes each, changed cells with the moment each was heard of, and failures."""

    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    heard: list[tuple[float, int, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the polls was answered."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(len(self.seconds) * share))] if self.seconds else 0.0


class OpenBoard(threading.Thread):
    """One board: `url` is the board's address, `cookie` the header of a signed-in session."""

    def __init__(self, url: str, cookie: str, *, seconds: float, every: float, figures: Figures, delay: float) -> None:
        super().__init__(daemon=True)
        parts = urlsplit(url)
        self.path, self.headers = (
            parts.path,
            {"Cookie": cookie, "Accept": "application/json", "Accept-Encoding": "br, gzip"},
        )
        self.wire = HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=20)
        self.span, self.every, self.figures, self.delay = seconds, every, figures, delay

    def get(self, path: str) -> tuple[HTTPResponse, bytes]:
        self.wire.request("GET", path, headers=self.headers)
        answer = self.wire.getresponse()
        return answer, answer.read()

    def run(self) -> None:
        time.sleep(self.delay)
        state, _body = self.get(f"{self.path}state/")
        token = state.headers["Board-Token"]
        end = time.monotonic() + self.span
        while token and time.monotonic() < end:
            began = time.perf_counter()
            try:
                answer, body = self.get(f"{self.path}changes/?token={quote(token)}")
            except OSError as error:
                self.figures.failures.append(repr(error))
                self.wire.close()
                continue
            took = time.perf_counter() - began
            if answer.status != 200:
                self.figures.failures.append(str(answer.status))
                return
            told = loads(body)
            token = told["token"]
            self.figures.seconds.append(took)
            self.figures.sizes.append(len(body))
            self.figures.heard += [(time.time(), cell[0], cell[1]) for cell in told["cells"]]
            time.sleep(max(0.0, self.every - took))


def run(url: str, cookie: str, *, boards: int = 200, seconds: float = 60, every: float = 1.5) -> Figures:
    """Open so many boards for so long; they begin spread over one interval."""
    figures = Figures()
    threads = [
        OpenBoard(url, cookie, seconds=seconds, every=every, figures=figures, delay=every * number / boards)
        for number in range(boards)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return figures


if __name__ == "__main__":
    address, session, *more = sys.argv[1:]
    count, span, pause = (float(value) for value in (*more, *("200", "60", "1.5")[len(more) :]))
    found = run(address, session, boards=int(count), seconds=span, every=pause)
    lines = [
        f"{len(found.seconds)} polls, {len(found.failures)} failures, {len(found.heard)} changed cells heard of",
        f"p50 {found.percentile(0.5) * 1000:.1f} ms, p99 {found.percentile(0.99) * 1000:.1f} ms",
        f"{sum(found.sizes) / max(1, len(found.sizes)):.0f} bytes a poll; failures: {sorted(set(found.failures))}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
