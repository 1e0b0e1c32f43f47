"""One process that gives each branch its own stable port in front of the shared MariaDB, and breaks the link on demand.

Started by `platform` as `python -m local.branches.proxy <state>`. It reads the faults at start and on SIGHUP, and
answers in `<state>/branches/proxy.json`. The platform under test keeps its connections and
secrets: only the link changes.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from local.branches.faults import Fault, Kind, current, faults_file, proxy_file
from local.branches.settings import HOST, Settings, read_json, write_json

CHUNK = 1 << 18
# A slow link sends slices of this length, so that its rate reads as a steady trickle.
SLICE_S = 0.05

log = logging.getLogger("branches.proxy")


@dataclass(eq=False)
class Gate:
    """One branch's port: its listener, the client sides of its open links, and the fault in force."""

    id: str
    port: int
    fault: Fault | None = None
    spent: int = 0
    listener: asyncio.Server | None = None
    links: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def kind(self) -> Kind | None:
        """Kind of the fault in force."""
        return self.fault.kind if self.fault else None


class Proxy:
    """All branches' ports."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.gates = [Gate(branch.id, settings.port_of(branch)) for branch in settings.all_branches()]
        self.generation = 0
        self.applying = asyncio.Lock()
        self.open: set[asyncio.Task[None]] = set()

    async def apply(self) -> None:
        """Put the faults of the file in force, then say so."""
        async with self.applying:
            generation = (read_json(faults_file(self.settings)) or {"generation": 0})["generation"]
            faults = current(self.settings)
            cuts = (read_json(proxy_file(self.settings)) or {}).get("cuts", {})
            for gate in self.gates:
                await self._set(gate, faults.get(gate.id), cuts.get(gate.id, {}))
            self.generation = generation
            self.report()

    async def _set(self, gate: Gate, fault: Fault | None, cuts: dict[str, int]) -> None:
        before, gate.fault = gate.fault, fault
        if fault != before:
            gate.spent = cuts["spent"] if fault and cuts.get("since") == fault.since else 0
            # A link that hung has lost bytes: it cannot be mended, only cut.
            if gate.kind is Kind.OFFLINE or (before and before.kind is Kind.HANG):
                for client in list(gate.links):
                    client.transport.abort()
        if gate.kind is Kind.OFFLINE and gate.listener:
            gate.listener.close()
            gate.listener = None
        if gate.kind is not Kind.OFFLINE and not gate.listener:
            gate.listener = await asyncio.start_server(
                lambda reader, writer: self._serve(gate, reader, writer), self.settings.listen, gate.port, limit=CHUNK
            )

    def report(self) -> None:
        """Say which faults are in force and which cuts are spent."""
        cuts = {g.id: {"since": g.fault.since, "spent": g.spent} for g in self.gates if g.fault and g.spent}
        value = {"pid": os.getpid(), "generation": self.generation, "cuts": cuts}
        write_json(proxy_file(self.settings), value)

    async def close(self) -> None:
        """Cut every link and let each one finish its own cleaning up."""
        for gate in self.gates:
            if gate.listener:
                gate.listener.close()
            for client in list(gate.links):
                client.transport.abort()
        if self.open:
            await asyncio.wait(self.open, timeout=2)

    async def _serve(self, gate: Gate, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One link, from accept to close."""
        gate.links.add(writer)
        task = asyncio.current_task()
        assert task is not None  # asyncio.start_server runs this as a task  # noqa: S101
        self.open.add(task)
        try:
            if gate.kind is Kind.HANG:
                while await reader.read(CHUNK):
                    pass
                return
            await self._relay(gate, reader, writer)
        except OSError as failure:
            log.info("branch %s: link lost: %s", gate.id, failure)
        finally:
            gate.links.discard(writer)
            self.open.discard(task)
            writer.close()

    async def _relay(self, gate: Gate, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(HOST, self.settings.port, limit=CHUNK)
        directions = [
            asyncio.create_task(self._upwards(gate, reader, server_writer)),
            asyncio.create_task(self._downwards(gate, server_reader, writer)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            # Abort, not close: the server drops the session at once, whatever it was sending.
            server_writer.transport.abort()

    async def _upwards(self, gate: Gate, client: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        """Client to server."""
        while data := await client.read(CHUNK):
            if gate.kind is not Kind.HANG:
                server.write(data)
                await server.drain()

    async def _downwards(self, gate: Gate, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Server to client, through the fault in force. Ends the link by returning."""
        passed = 0
        while data := await server.read(CHUNK):
            passed += len(data)
            fault = gate.fault
            if fault is None:
                client.write(data)
            elif fault.kind is Kind.SLOW:
                await self._trickle(fault, data, client)
            elif fault.kind is Kind.DROP and gate.spent < fault.times and passed > fault.bytes:
                client.write(data[: max(0, len(data) - (passed - fault.bytes))])
                gate.spent += 1
                self.report()
                return
            elif fault.kind is not Kind.HANG:
                client.write(data)
            await client.drain()

    async def _trickle(self, fault: Fault, data: bytes, client: asyncio.StreamWriter) -> None:
        """Deliver at the pace of the fault; the server is not read meanwhile, so it feels the pressure too."""
        await asyncio.sleep(fault.delay_ms / 1000)
        rate = fault.kbps * 1000 / 8 or float("inf")
        size = max(1, int(min(rate * SLICE_S, CHUNK)))
        for start in range(0, len(data), size):
            part = data[start : start + size]
            client.write(part)
            await client.drain()
            await asyncio.sleep(len(part) / rate)


async def serve(settings: Settings) -> None:
    """Listen until SIGTERM."""
    loop = asyncio.get_running_loop()
    proxy = Proxy(settings)
    ended = asyncio.Event()
    changes: set[asyncio.Task[None]] = set()

    def on_change() -> None:
        task = loop.create_task(proxy.apply())
        changes.add(task)
        task.add_done_callback(changes.discard)

    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGHUP, on_change)
    await proxy.apply()
    await ended.wait()
    await proxy.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    asyncio.run(serve(Settings.load(Path(sys.argv[1]))))
