"""An inbox of small uploads in a folder, and the same as the compaction's store."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.folder_store import FolderStore
from podemos.mobile.event_ids import RANDOM_BITS, uuid7
from podemos.mobile.keys import inbox_key
from podemos.mobile.upload import Upload

START = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
EVENTS_PER_UPLOAD = 12
_METADATA = "metadata.json"
_EVERY = timedelta(minutes=20)
"""From a phone's upload to its next one."""


class FolderUploads(FolderStore):
    """A lake in a folder; the uploads' metadata, which S3 gives with the object, are held in memory."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        path = root / _METADATA
        self._metadata: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}

    def put_upload(self, key: str, data: bytes, metadata: Mapping[str, str]) -> None:
        """Creates the object."""
        self.put_new(key, data)
        self._metadata[key] = dict(metadata)

    def get_upload(self, key: str, version: str = "") -> tuple[bytes, Mapping[str, str]]:
        """Content and metadata."""
        return self.get(key), self._metadata.get(key, {})

    def metadata(self, key: str) -> Mapping[str, str]:
        """The metadata alone."""
        return self._metadata.get(key, {})

    def keep(self) -> None:
        """Writes the metadata down, for another process."""
        (self.root / _METADATA).write_text(json.dumps(self._metadata))


def fill(root: Path, files: int, seed: int, *, phones: int = 500, first: int = 0) -> int:
    """Writes uploads of canonical lines; returns how many events they hold.

    Args:
        root: of the lake.
        files: how many uploads.
        seed: decides everything.
        phones: which send in turn.
        first: the number of the first upload of each phone; another one gives other events.
    """
    lake = FolderUploads(root)
    for number in range(files):
        phone, turn = number % phones, first + number // phones
        draw = random.Random(f"{seed}/{phone}/{turn}")
        received = START + _EVERY * turn + timedelta(seconds=phone)
        sequence = turn * EVENTS_PER_UPLOAD + 1
        data = gzip.compress(b"\n".join(_lines(draw, phone, sequence, received)) + b"\n", compresslevel=6, mtime=0)
        device, region = f"phone-{phone:04d}", ("norte", "bajio", "sureste")[phone % 3]
        digest = hashlib.sha256(data).hexdigest()
        key = inbox_key(received, region, device, sequence, sequence + EVENTS_PER_UPLOAD - 1, digest)
        upload = Upload(device, "i1", region, 1 + phone % 200, received, received)
        lake.put_upload(key, data, upload.to_metadata())
    lake.keep()
    return files * EVENTS_PER_UPLOAD


def _lines(draw: random.Random, phone: int, sequence: int, received: datetime) -> Iterator[bytes]:
    for at in range(EVENTS_PER_UPLOAD):
        captured = received - timedelta(seconds=90 * (EVENTS_PER_UPLOAD - at), microseconds=draw.randrange(10**6))
        event_id = uuid7(int(captured.timestamp() * 1000), draw.getrandbits(RANDOM_BITS))
        kind, data = _data(draw, at, phone, sequence)
        yield (
            f'{{"capturado_en":"{captured:%Y-%m-%dT%H:%M:%S.%f}Z","event_data":{data},"event_id":"{event_id}",'
            f'"event_type":"{kind}","id_dispositivo":"phone-{phone:04d}","id_sucursal":{1 + phone % 200},'
            f'"secuencia":{sequence + at}}}'
        ).encode()


def _data(draw: random.Random, at: int, phone: int, sequence: int) -> tuple[str, str]:
    lat = f"{draw.randint(16, 31)}.{draw.randrange(10**6):06d}"
    lon = f"-{draw.randint(90, 115)}.{draw.randrange(10**6):06d}"
    receipt = f"R{phone:04d}-{sequence + at // 4:06d}"
    photo = hashlib.sha256(receipt.encode()).hexdigest()
    match at % 4:
        case 0:
            return "geolocalizacion", f'{{"lat":{lat},"lon":{lon},"precision_m":{draw.randint(3, 60)}.0}}'
        case 1:
            return "pago", (
                f'{{"foto":"{photo}","id_cliente":{draw.randint(1, 500)},"id_recibo":"{receipt}","lat":{lat},'
                f'"lon":{lon},"monto_centavos":{draw.randint(5_000, 500_000)}}}'
            )
        case 2:
            return "confirmacion", f'{{"estado":"entregado","id_recibo":"{receipt}"}}'
        case _:
            return "foto", f'{{"bytes":{draw.randint(60_000, 300_000)},"partes":2,"sha256":"{photo}"}}'
