"""What the server can be told; one frozen value handed to every part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class ServerOptions:
    """Settings of one server.

    Attributes:
        home: folder for everything the server writes: logs, job folders, the snapshot, the warehouse.
        host: address to listen on; in a container, all of them.
        port: TCP port.
        glue_slots: Glue runs that may hold a JVM at once; the others wait in STARTING.
        glue_minute_seconds: seconds in one minute of a Glue `Timeout`. It is in whole minutes; a test makes them short.
        spark_memory: heap of a job's JVM, in the JVM's notation.
        build: folder for what is compiled once per checkout and shared by all homes: the s3:// file system's jar.
        persist: write the AWS state to `home` on SIGTERM and read it back at the next start.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int = 5000
    glue_slots: int = 1
    glue_minute_seconds: float = 60.0
    spark_memory: str = "3g"
    build: Path = _CHECKOUT / ".local" / "aws-build"
    persist: bool = True

    @property
    def endpoint(self) -> str:
        """The URL to set as AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self.port}"
