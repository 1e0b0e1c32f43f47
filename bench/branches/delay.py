"""A proxy that adds a round-trip time, without a limit of rate, and counts round trips per link.

Usage: python -m bench.branches.delay <listen> <target> <milliseconds> <report>

It ends on SIGTERM and writes the report.
A round trip is one turn: the client sends after the server has spoken. Opening the TCP connection is one more.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path


class Delay:
    def __init__(self, target: int, seconds: float) -> None:
        self.target, self.one_way, self.turns = target, seconds / 2, list[int]()

    async def link(self, client: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.turns)
        self.turns.append(1)
        await asyncio.sleep(2 * self.one_way)  # SYN and its answer
        server, upstream = await asyncio.open_connection("127.0.0.1", self.target)
        spoken = [True]
        await asyncio.gather(self.carry(client, upstream, spoken, number), self.carry(server, writer, spoken, None))

    async def carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, spoken: list[bool], number: int | None
    ) -> None:
        loop, under_way = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]](64)

        async def deliver() -> None:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data:
                    sink.close()
                    return
                sink.write(data)
                await sink.drain()

        delivery = loop.create_task(deliver())
        try:
            while data := await source.read(1 << 18):
                if number is not None and spoken[0]:
                    self.turns[number] += 1
                spoken[0] = number is None
                await under_way.put((loop.time() + self.one_way, data))
        except OSError:
            pass
        await under_way.put((loop.time(), b""))
        await asyncio.gather(delivery, return_exceptions=True)


async def serve(listen: int, target: int, milliseconds: int, report: Path) -> None:
    ended, proxy = asyncio.Event(), Delay(target, milliseconds / 1000)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    listener = await asyncio.start_server(proxy.link, "127.0.0.1", listen, backlog=500)
    await ended.wait()
    listener.close()
    report.write_text(json.dumps(proxy.turns))


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
