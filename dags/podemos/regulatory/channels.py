"""The channels a report leaves by. Each takes a published version and returns where it went and the answer it got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from podemos.contracts.delivery import Channel, Link, Mail, Sftp
from podemos.core.errors import SourceUnavailable
from podemos.core.manifest import Ref
from podemos.core.store import ObjectStore
from podemos.regulatory.pages import long_date, money

PAGES = ("resumen.html", "notice.es.html")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A published version, ready to go."""

    manifest: Mapping[str, Any]
    ref: Ref
    reports: ObjectStore

    @property
    def folder(self) -> str:
        """The version's folder, with a final slash."""
        return self.ref.key.rpartition("/")[0] + "/"

    def names(self) -> list[str]:
        """Every file of the version, its manifest and signature included."""
        return [info.key.removeprefix(self.folder) for info in self.reports.list(self.folder)]


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a parcel went, and what the other side said: the body of a receipt."""

    address: str
    answer: Mapping[str, Any]


class Carrier(Protocol):
    """Sends a parcel by one channel."""

    def __call__(self, channel: Channel, parcel: Parcel) -> Answer:
        """Sends it once. Raises `SourceUnavailable` when the other side did not take it."""
        ...


class Courier:
    """The carrier over AWS.

    Args:
        s3: a boto3 client whose signatures are version 4, for presigned links.
        ses: a boto3 `ses` client.
        secrets: a boto3 `secretsmanager` client, for the keys of SFTP.
    """

    def __init__(self, s3: Any, ses: Any, secrets: Any) -> None:
        self._s3, self._ses, self._secrets = s3, ses, secrets

    def __call__(self, channel: Channel, parcel: Parcel) -> Answer:
        """By link, by mail or by SFTP.

        Raises:
            SourceUnavailable: the service refuses or does not answer.
        """
        try:
            match channel:
                case Link():
                    return self._link(channel, parcel)
                case Mail():
                    return self._mail(channel, parcel)
                case Sftp():
                    return self._upload(channel, parcel)
        except (BotoCoreError, ClientError) as error:
            raise SourceUnavailable(f"delivery by {channel.name}: {error}") from error

    def _link(self, channel: Link, parcel: Parcel) -> Answer:
        """The links stand in the receipt: who can read it can read the files anyway."""
        links = self._links(parcel, channel.hours)
        return Answer(parcel.reports.uri(parcel.folder), {"links": links, "hours": channel.hours})

    def _mail(self, channel: Mail, parcel: Parcel) -> Answer:
        message = mail(channel, parcel, self._links(parcel, channel.link_hours))
        sent = self._ses.send_raw_email(
            Source=channel.sender, Destinations=list(channel.to), RawMessage={"Data": message.as_bytes()}
        )
        return Answer(", ".join(channel.to), {"message_id": sent["MessageId"]})

    def _upload(self, channel: Sftp, parcel: Parcel) -> Answer:
        from podemos.regulatory.sftp import upload

        return upload(channel, parcel, self._secrets.get_secret_value(SecretId=channel.secret)["SecretString"])

    def _links(self, parcel: Parcel, hours: int) -> dict[str, str]:
        return {
            name: self._s3.generate_presigned_url(
                "get_object",
                Params={"Bucket": parcel.reports.bucket, "Key": parcel.folder + name},
                ExpiresIn=hours * 3600,
            )
            for name in parcel.names()
        }


def mail(channel: Mail, parcel: Parcel, links: Mapping[str, str]) -> EmailMessage:
    """The mail in Spanish: what it is, its totals, the links; the pages are attached."""
    manifest = parcel.manifest
    partial = manifest["outcome"] != "complete"
    kind = "entrega parcial" if partial else "completo"
    lines = [
        f"Reporte regulatorio de movimientos del {long_date(manifest['business_date'])}: {kind}, "
        f"versión {manifest['version']}.",
        "",
        f"Movimientos: {manifest['movements']:,}",
        f"Cargos más abonos: {money(manifest['cents'])} MXN",
        f"SHA-256 de manifest.json: {parcel.ref.sha256}",
        *(["", "Lo que falta y su efecto: notice.es.html, adjunto."] if partial else []),
        "",
        f"Archivos (los enlaces vencen en {channel.link_hours} horas):",
        *(f"{name}: {link}" for name, link in links.items()),
    ]
    message = EmailMessage()
    message["Subject"] = f"Reporte regulatorio {manifest['business_date']}, versión {manifest['version']}: {kind}"
    message["From"], message["To"] = channel.sender, ", ".join(channel.to)
    message.set_content("\n".join(lines) + "\n")
    for name in PAGES:
        if name in links:
            page = parcel.reports.get(parcel.folder + name).decode()
            message.add_attachment(page, subtype="html", filename=name)
    return message
