"""A phone's outbox: one SQLite file, in which a capture and its sending are one truth.

The event, its sequence and whatever the app itself stores with it (`also`) are one transaction: there is no payment on
the screen that is not in the outbox, and no number of the sequence that no event has. Write-ahead logging, full
synchronisation: what `capture` returned survives a dead battery.

`sync_status`: pending → sending → acknowledged. What was `sending` when the app died is pending again at the next
start; only what an acknowledgement named becomes acknowledged, and only acknowledged rows are ever deleted.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    event_id       TEXT PRIMARY KEY,
    event_type     TEXT NOT NULL CHECK (event_type IN ('pago', 'confirmacion', 'foto', 'geolocalizacion')),
    event_data     TEXT NOT NULL,
    timestamp      TEXT NOT NULL,
    secuencia      INTEGER NOT NULL UNIQUE,
    id_sucursal    INTEGER NOT NULL,
    sync_status    TEXT NOT NULL DEFAULT 'pending' CHECK (sync_status IN ('pending', 'sending', 'acknowledged')),
    refused        TEXT
);
CREATE INDEX IF NOT EXISTS outbox_to_send ON outbox (sync_status, secuencia);
CREATE TABLE IF NOT EXISTS photo (
    sha256  TEXT PRIMARY KEY,
    data    BLOB NOT NULL,
    parts   INTEGER NOT NULL,
    sent    INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS phone (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
MONEY = ("pago", "confirmacion")


@dataclass(frozen=True, slots=True)
class Stored:
    """One row of the outbox."""

    event_id: str
    event_type: str
    event_data: str
    timestamp: str
    secuencia: int
    id_sucursal: int

    def line(self, device: str) -> bytes:
        """Its line of an upload, the same bytes at every attempt."""
        head = {
            "event_id": self.event_id,
            "event_type": self.event_type,
            "id_sucursal": self.id_sucursal,
            "id_dispositivo": device,
            "secuencia": self.secuencia,
            "capturado_en": self.timestamp,
        }
        return json.dumps(head)[:-1].encode() + b', "event_data": ' + self.event_data.encode() + b"}\n"


class Outbox:
    """The outbox of one phone. Safe for two threads: the one that captures and the one that sends.

    Args:
        path: of the file; ":memory:" for a simulated phone.
        device: `id_dispositivo`.
        install: a name drawn at this installation.
        head: where the sequence goes on: 0, or what the server told a new installation.
    """

    def __init__(self, path: Path | str, device: str, install: str, head: int = 0) -> None:
        self.device = device
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)
        self._db.execute("INSERT OR IGNORE INTO phone VALUES ('install', ?), ('head', ?)", (install, str(head)))
        self._db.execute("UPDATE outbox SET sync_status = 'pending' WHERE sync_status = 'sending'")
        self.install = self._told("install")

    def close(self) -> None:
        """Nothing is lost by not closing."""
        self._db.close()

    def capture(
        self,
        event_id: str,
        event_type: str,
        event_data: dict[str, Any],
        captured_at: datetime,
        id_sucursal: int,
        photo: bytes | None = None,
        parts: int = 1,
        also: Callable[[sqlite3.Connection], None] | None = None,
    ) -> Stored:
        """Keeps an event under the next number of the sequence; returns once it is on the disk.

        Args:
            event_id: a UUIDv7, drawn for this capture.
            event_type: see docs/mobile-protocol.md.
            event_data: of the type.
            captured_at: by the phone's clock.
            id_sucursal: the officer's branch.
            photo: the bytes of an event of type foto.
            parts: into how many the photo is cut.
            also: what the app stores in the same transaction.
        """
        text = json.dumps(event_data, ensure_ascii=False)
        instant = captured_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        with self._lock, self._transaction():
            sequence = int(self._told("head")) + 1
            self._db.execute("UPDATE phone SET value = ? WHERE name = 'head'", (str(sequence),))
            self._db.execute(
                "INSERT INTO outbox (event_id, event_type, event_data, timestamp, secuencia, id_sucursal)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (event_id, event_type, text, instant, sequence, id_sucursal),
            )
            if photo is not None:
                self._db.execute(
                    "INSERT OR IGNORE INTO photo (sha256, data, parts) VALUES (?, ?, ?)",
                    (event_data["sha256"], photo, parts),
                )
            if also is not None:
                also(self._db)
        return Stored(event_id, event_type, text, instant, sequence, id_sucursal)

    @property
    def head(self) -> int:
        """The greatest sequence captured."""
        with self._lock:
            return int(self._told("head"))

    @property
    def pending(self) -> int:
        """Events that no one has acknowledged."""
        with self._lock:
            found: int = self._db.execute("SELECT count(*) FROM outbox WHERE sync_status <> 'acknowledged'").fetchone()[
                0
            ]
        return found

    def take(self, limit: int, size: int) -> list[Stored]:
        """The next batch, money first and oldest first; marked as sending. One upload at a time.

        Args:
            limit: events.
            size: bytes of lines; at least one event is given.
        """
        with self._lock, self._transaction():
            rows = self._db.execute(
                "SELECT event_id, event_type, event_data, timestamp, secuencia, id_sucursal FROM outbox"
                " WHERE sync_status <> 'acknowledged'"
                " ORDER BY event_type NOT IN ('pago', 'confirmacion'), secuencia LIMIT ?",
                (limit,),
            ).fetchall()
            batch: list[Stored] = []
            used = 0
            for row in rows:
                event = Stored(*row)
                used += len(event.line(self.device))
                if batch and used > size:
                    break
                batch.append(event)
            self._db.executemany(
                "UPDATE outbox SET sync_status = 'sending' WHERE event_id = ?", [(event.event_id,) for event in batch]
            )
        return sorted(batch, key=lambda event: event.secuencia)

    def acknowledge(self, batch: Sequence[Stored], ranges: Sequence[Sequence[int]], refused: dict[int, str]) -> int:
        """Marks what the server named, nothing else; the rest of the batch is pending again.

        Args:
            batch: what was sent, in the order of its lines.
            ranges: of the acknowledgement.
            refused: line → reason: the server keeps such a line, too, and wants it never again.

        Returns:
            how many events of the batch were acknowledged.
        """
        count = 0
        with self._lock, self._transaction():
            for number, event in enumerate(batch, start=1):
                named = any(first <= event.secuencia <= last for first, last in ranges) or number in refused
                count += named
                self._db.execute(
                    "UPDATE outbox SET sync_status = ?, refused = ? WHERE event_id = ? AND sync_status = 'sending'",
                    ("acknowledged" if named else "pending", refused.get(number), event.event_id),
                )
        return count

    def give_back(self, batch: Sequence[Stored]) -> None:
        """Nothing was acknowledged."""
        self.acknowledge(batch, [], {})

    def forget_acknowledged(self, keep_from: str) -> int:
        """Deletes acknowledged events captured before an instant; the app keeps some weeks for the officer to see."""
        with self._lock, self._transaction():
            return self._db.execute(
                "DELETE FROM outbox WHERE sync_status = 'acknowledged' AND timestamp < ?", (keep_from,)
            ).rowcount

    def unsent_photo(self) -> tuple[str, bytes, int] | None:
        """The next photo: name, bytes, number of parts."""
        with self._lock:
            row = self._db.execute("SELECT sha256, data, parts FROM photo WHERE sent = 0 LIMIT 1").fetchone()
        return None if row is None else (row[0], row[1], row[2])

    def photo_sent(self, sha256: str) -> None:
        """The server has it whole: its bytes go."""
        with self._lock, self._transaction():
            self._db.execute("UPDATE photo SET sent = 1, data = x'' WHERE sha256 = ?", (sha256,))

    def unacknowledged(self) -> set[str]:
        """Ids of what only this phone may have."""
        with self._lock:
            rows = self._db.execute("SELECT event_id FROM outbox WHERE sync_status <> 'acknowledged'").fetchall()
        return {row[0] for row in rows}

    def photos_unsent(self) -> set[str]:
        """Names of photos that only this phone may have."""
        with self._lock:
            return {row[0] for row in self._db.execute("SELECT sha256 FROM photo WHERE sent = 0").fetchall()}

    def refused(self) -> dict[int, str]:
        """Sequence → reason, of what the server could not read as an event."""
        with self._lock:
            return dict(self._db.execute("SELECT secuencia, refused FROM outbox WHERE refused IS NOT NULL").fetchall())

    def _told(self, name: str) -> str:
        value: str = self._db.execute("SELECT value FROM phone WHERE name = ?", (name,)).fetchone()[0]
        return value

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")
