"""`python -m benchmarks.serving throughput|hangup|memory ARTIFACT`: many listeners, one machine.

The server is `distill-run serve --api` in a process of its own; the clients are one process beside
it, on the same cores, and read what is sent as fast as it comes.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distill_runtime import Artifact, GenerationConfig, GenerationPipeline

CLIENTS = 64
_PORT = re.compile(rb"http://127\.0\.0\.1:(\d+)/")


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        port: Of 127.0.0.1.
        pid: Of its process.
    """

    port: int
    pid: int

    def figure(self, name: str) -> float:
        """Return the sum of a figure over its labels."""
        head, body = asyncio.run(fetch(self.port, "GET", "/metrics"))
        assert head.startswith("HTTP/1.1 200"), head
        lines = [line for line in body.decode().splitlines() if re.match(rf"{name}[ {{]", line)]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def resident_mb(self) -> float:
        """Return how much memory it holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu_s(self) -> float:
        """Return the processor time that it has taken."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(artifact: Path, **limits: object) -> Iterator[Server]:
    """Run a server of one artifact."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / artifact.name).symlink_to(artifact.resolve())
        own = {f"DISTILL_SERVING_{name.upper()}": str(value) for name, value in limits.items()}
        command = [sys.executable, "-m", "distill_runtime", "serve", folder, "--api", "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **own})
        try:
            assert process.stdout is not None
            found = _PORT.search(process.stdout.readline())
            assert found is not None, "the server did not say where it is"
            yield Server(int(found[1]), process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


async def fetch(port: int, method: str, path: str, body: Any = None) -> tuple[str, bytes]:
    """Return the head and the body of an answer."""
    reader, writer = await _asked(port, method, path, body)
    head, _ = await _first_byte(reader)
    content = await reader.read()
    writer.close()
    return head, content if "chunked" not in head.lower() else _joined(content)


def _joined(content: bytes) -> bytes:
    """Return what came in chunks."""
    whole = b""
    while content:
        size, _, rest = content.partition(b"\r\n")
        count = int(size, 16)
        whole, content = whole + rest[:count], rest[count + 2 :] if count else b""
    return whole


async def _asked(
    port: int, method: str, path: str, body: Any
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = b"" if body is None else json.dumps(body).encode()
    writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
        + content
    )
    await writer.drain()
    return reader, writer


async def _first_byte(reader: asyncio.StreamReader) -> tuple[str, float]:
    head = await reader.readuntil(b"\r\n\r\n")
    return head.decode("latin-1"), time.perf_counter()


async def _client(port: int, requests: list[dict[str, Any]], waits: list[float]) -> None:
    """Ask for what is left until nothing is, and read it."""
    while requests:
        request = requests.pop()
        began = time.perf_counter()
        reader, writer = await _asked(port, "POST", "/v1/sounds", request)
        head, at = await _first_byte(reader)
        assert head.startswith("HTTP/1.1 200"), head
        waits.append(at - began)
        while await reader.read(2**16):
            pass
        writer.close()


async def _crowd(port: int, requests: list[dict[str, Any]], clients: int) -> list[float]:
    waits: list[float] = []
    await asyncio.gather(*(_client(port, requests, waits) for _ in range(clients)))
    return waits


def requests_of(count: int, low_s: float, high_s: float, **words: Any) -> list[dict[str, Any]]:
    """Return requests of random lengths, the same each time."""
    drawn = random.Random(1)
    return [
        {"seed": seed, "duration_s": round(drawn.uniform(low_s, high_s), 1), **words}
        for seed in range(count)
    ]


def alone(artifact: Path, requests: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the seconds, and those of the processor, of the same sounds in one process as WAVs."""
    pipeline = GenerationPipeline(Artifact.load(artifact))
    pipeline.generate(GenerationConfig(duration_s=1.0, seed=1))
    configs = [GenerationConfig(duration_s=r["duration_s"], seed=r["seed"]) for r in requests]
    began, cpu = time.perf_counter(), time.process_time()
    for result in pipeline.generate_many(configs):
        result.write_wav(io.BytesIO())
    return time.perf_counter() - began, time.process_time() - cpu


def throughput(artifact: Path, count: int, rounds: int) -> None:
    """Compare a crowd's sounds with the same in one process, in turns."""
    requests = requests_of(count, 1.0, 10.0)
    sound_s = sum(request["duration_s"] for request in requests)
    print(f"{count} sounds, {sound_s:.0f} s together, {CLIENTS} clients")
    ratios: dict[str, list[float]] = {"normalised": [], "level 4": []}
    with serving(artifact) as server:
        asyncio.run(_crowd(server.port, requests_of(8, 1.0, 2.0), 4))
        for _ in range(rounds):
            own_s, own_cpu_s = alone(artifact, requests)
            print(
                f"  one process    {sound_s / own_s:6.1f} s of sound a second, "
                f"{own_cpu_s:.1f} s of processor time"
            )
            for name, words in (("normalised", {}), ("level 4", {"level": 4.0})):
                asked = [{**request, **words} for request in requests]
                began, cpu = time.perf_counter(), server.cpu_s()
                waits = sorted(asyncio.run(_crowd(server.port, asked, CLIENTS)))
                took_s = time.perf_counter() - began
                ratios[name].append(own_s / took_s)
                print(
                    f"  {name:14} {sound_s / took_s:6.1f} s of sound a second, ratio "
                    f"{own_s / took_s:.3f}, first byte median {statistics.median(waits):.2f} s, "
                    f"99 % {waits[int(0.99 * len(waits))]:.2f} s, "
                    f"server {server.cpu_s() - cpu:.1f} s of processor time"
                )
        rows = server.figure("distill_batch_rows_sum") / server.figure("distill_batch_rows_count")
    for name, found in ratios.items():
        print(f"{name}: ratio median {statistics.median(found):.3f}")
    print(f"rows in a call, mean: {rows:.2f}")


def hangup(artifact: Path) -> None:
    """Leave in the middle, and see how many steps are played for nobody."""

    async def leave(port: int, words: dict[str, Any], pause_s: float) -> None:
        body = {"seed": 1, "duration_s": 60.0, **words}
        reader, writer = await _asked(port, "POST", "/v1/sounds", body)
        if "level" in words:
            await _first_byte(reader)
        await asyncio.sleep(pause_s)
        writer.transport.abort()

    with serving(artifact) as server:
        for name, words in (("normalised", {}), ("level 4", {"level": 4.0})):
            late = []
            for turn in range(10):
                before = server.figure("distill_sounds_given_up_total")
                asyncio.run(leave(server.port, words, 0.1 + 0.01 * turn))
                played = server.figure("distill_steps_total")
                while server.figure("distill_sounds_in_progress"):
                    pass
                time.sleep(0.3)
                late.append(server.figure("distill_steps_total") - played)
                assert server.figure("distill_sounds_given_up_total") == before + 1
            print(f"{name}: steps played after the client left: {sorted(late)}")


def memory(artifact: Path, count: int) -> None:
    """Ask for many short sounds, and look at the memory on the way."""
    with serving(artifact) as server:
        batch = count // 10
        for turn in range(10):
            drawn = requests_of(batch, 0.1, 0.9)
            for request in drawn:
                request["seed"] += turn * batch
            asyncio.run(_crowd(server.port, drawn, 16))
            done = int(server.figure("distill_sounds_total"))
            print(f"{done:6} requests: {server.resident_mb():.1f} MB", flush=True)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("throughput", "hangup", "memory"))
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.what == "throughput":
        throughput(arguments.artifact, arguments.count or 192, arguments.rounds)
    elif arguments.what == "hangup":
        hangup(arguments.artifact)
    else:
        memory(arguments.artifact, arguments.count or 10_000)


if __name__ == "__main__":
    main()
