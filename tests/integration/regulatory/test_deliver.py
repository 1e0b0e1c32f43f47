"""Delivery on the local AWS: links that open, mail that is taken, one receipt per channel, nothing sent twice."""

from __future__ import annotations

import email
import email.policy
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import paramiko
import pytest
from botocore.config import Config

from podemos.contracts.delivery import Delivery, delivery
from podemos.contracts.loading import check
from podemos.core.errors import AlreadyExists, ContractViolation, SourceUnavailable
from podemos.core.manifest import Ref, canonical, commit, read
from podemos.regulatory.channels import Courier, Parcel, mail
from podemos.regulatory.deliver import deliver
from podemos.regulatory.versions import newest
from tests.integration.regulatory.nights import conforms
from tests.integration.regulatory.sftp_server import sftp_server
from tests.integration.regulatory.world import AWS, World
from tests.unit.regulatory.deliveries import DAY, clock

MAIL = {"kind": "mail", "name": "correo", "sender": "reportes@podemos.example", "to": ["a@b.example"], "link_hours": 2}
BOTH = check(Delivery, {"channels": [{"kind": "link", "name": "enlace", "hours": 1}, MAIL]}, "test")
FILES = {
    "movimientos.csv": b"id\n",
    "resumen.html": "<p>Resumen: año</p>".encode(),
    "notice.es.html": b"<p>Aviso</p>",
}


@pytest.fixture
def ses(aws: str) -> Any:
    return boto3.client("ses", endpoint_url=aws, **AWS)


@pytest.fixture
def courier(aws: str, ses: Any) -> Courier:
    s3 = boto3.client("s3", endpoint_url=aws, config=Config(signature_version="s3v4"), **AWS)
    return Courier(s3, ses, boto3.client("secretsmanager", endpoint_url=aws, **AWS))


def version(world: World, *, rehearsal: bool = False) -> Ref:
    """A published partial version, as the delivery sees it."""
    folder = f"reports/{'rehearsal/' if rehearsal else ''}{DAY}/v1/"
    for name, data in FILES.items():
        world.reports.put_new(folder + name, data)
    document = {"business_date": DAY.isoformat(), "version": 1, "rehearsal": rehearsal, "outcome": "partial"}
    return commit(world.reports, f"{folder}manifest.json", document | {"movements": 1234, "cents": 123_456_789})


def sent(ses: Any) -> int:
    return int(ses.get_send_quota()["SentLast24Hours"])


def receipt(world: World, channel: str, folder: str = f"reports/{DAY}") -> dict[str, Any]:
    found = read(world.reports, f"{folder}/receipts/v1-{channel}.json")[0]
    conforms(found, "receipt")
    return found


def test_each_channel_gets_the_version_and_leaves_a_receipt_and_a_retry_sends_nothing(
    world: World, courier: Courier, ses: Any
) -> None:
    ses.verify_email_identity(EmailAddress=MAIL["sender"])
    ref, before = version(world), sent(ses)
    assert deliver(ref.key, reports=world.reports, delivery=BOTH, carrier=courier, clock=clock) == ref.key
    once = sent(ses)
    assert once > before
    assert deliver(ref.key, reports=world.reports, delivery=BOTH, carrier=courier, clock=clock) == ref.key
    assert sent(ses) == once
    found = receipt(world, "enlace")
    assert (found["manifest"], found["delivered_at"]) == (ref.to_dict(), "2026-11-20T10:05:00.000000Z")
    links = found["answer"]["links"]
    assert sorted(links) == ["manifest.json", "movimientos.csv", "notice.es.html", "resumen.html"]
    with urlopen(links["manifest.json"]) as opened:  # noqa: S310 - the local AWS
        assert hashlib.sha256(opened.read()).hexdigest() == ref.sha256
    assert "X-Amz-Algorithm=AWS4" in links["manifest.json"]
    by_mail = receipt(world, "correo")
    assert (by_mail["address"], bool(by_mail["answer"]["message_id"])) == ("a@b.example", True)
    found_version = newest(world.reports, DAY, rehearsal=False)
    assert found_version is not None
    assert found_version.number == 1, "receipts are no versions"


def test_a_channel_that_refuses_stops_no_other_and_is_tried_again(world: World, courier: Courier, ses: Any) -> None:
    ref = version(world)
    other = check(Delivery, {"channels": [MAIL | {"sender": "nadie@otro.example"}, BOTH.channels[0]]}, "test")
    with pytest.raises(SourceUnavailable, match="delivery by correo"):
        deliver(ref.key, reports=world.reports, delivery=other, carrier=courier, clock=clock)
    assert receipt(world, "enlace")["version"] == 1
    ses.verify_email_identity(EmailAddress="nadie@otro.example")
    deliver(ref.key, reports=world.reports, delivery=other, carrier=courier, clock=clock)
    assert receipt(world, "correo")["kind"] == "mail"


def test_a_rehearsal_sends_nothing_and_says_what_it_would_have_sent(world: World) -> None:
    def forbidden(*_: Any) -> Any:
        raise AssertionError("a rehearsal was sent")

    ref = version(world, rehearsal=True)
    deliver(ref.key, reports=world.reports, delivery=BOTH, carrier=forbidden, clock=clock)
    found = receipt(world, "rehearsal", f"reports/rehearsal/{DAY}")
    assert [one["channel"] for one in found["answer"]["would_send"]] == ["enlace", "correo"]


def test_a_receipt_that_another_attempt_wrote_stands(world: World, courier: Courier) -> None:
    ref, only = version(world), check(Delivery, {"channels": [BOTH.channels[0]]}, "test")

    def overtaken(*given: Any) -> Any:
        world.reports.put_new(f"reports/{DAY}/receipts/v1-enlace.json", canonical({"first": True}))
        return courier(*given)

    deliver(ref.key, reports=world.reports, delivery=only, carrier=overtaken, clock=clock)
    assert read(world.reports, f"reports/{DAY}/receipts/v1-enlace.json")[0] == {"first": True}
    with pytest.raises(AlreadyExists):
        world.reports.put_new(f"reports/{DAY}/receipts/v1-enlace.json", b"")


def test_the_mail_says_in_spanish_what_it_is_and_carries_the_pages(world: World) -> None:
    ref = version(world)
    parcel = Parcel(read(world.reports, ref.key)[0], ref, world.reports)
    links = {name: f"https://enlace.example/{name}" for name in parcel.names()}
    channel = BOTH.channels[1]
    assert channel.kind == "mail"
    read_back = email.message_from_bytes(mail(channel, parcel, links).as_bytes(), policy=email.policy.default)
    assert read_back["Subject"] == f"Reporte regulatorio {DAY}, versión 1: entrega parcial"
    text = read_back.get_body(("plain",)).get_content()
    assert "Cargos más abonos: $1,234,567.89 MXN" in text
    assert "manifest.json: https://enlace.example/manifest.json" in text
    attached = {part.get_filename(): part.get_content() for part in read_back.iter_attachments()}
    assert attached["resumen.html"].strip() == "<p>Resumen: año</p>"
    assert list(attached) == ["resumen.html", "notice.es.html"]


def test_the_shipped_configuration_delivers_by_link_only_and_two_channels_need_two_names() -> None:
    assert [channel.kind for channel in delivery().channels] == ["link"]
    twice = json.loads(BOTH.model_dump_json())["channels"][:1] * 2
    with pytest.raises(ContractViolation, match="enlace is listed twice"):
        check(Delivery, {"channels": twice}, "delivery.yaml")


@pytest.fixture
def sftp(aws: str, tmp_path: Path) -> Iterator[tuple[dict[str, Any], Path, list[str]]]:
    """A channel to a server of this machine, the server's folder, and the files' names as they appear there."""
    host, user = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()
    user.write_private_key(pem := io.StringIO())
    secrets = boto3.client("secretsmanager", endpoint_url=aws, **AWS)
    secret = secrets.create_secret(Name=f"podemos/delivery/{tmp_path.name}", SecretString=pem.getvalue())["Name"]
    with sftp_server(tmp_path, host, user) as (port, log):
        found = {"kind": "sftp", "name": "sftp", "host": "127.0.0.1", "port": port, "user": "podemos"}
        yield (
            found | {"folder": "/entrada", "host_key": f"{host.get_name()} {host.get_base64()}", "secret": secret},
            tmp_path,
            log,
        )


def test_by_sftp_the_same_bytes_arrive_and_the_manifest_last(
    world: World, courier: Courier, sftp: tuple[dict[str, Any], Path, list[str]]
) -> None:
    channel, root, log = sftp
    ref, only = version(world), check(Delivery, {"channels": [channel]}, "test")
    for _ in range(2):
        deliver(ref.key, reports=world.reports, delivery=only, carrier=courier, clock=clock)
    arrived = root / "entrada" / DAY.isoformat() / "v1"
    expected = FILES | {"manifest.json": world.reports.get(ref.key)}
    assert {path.name: path.read_bytes() for path in arrived.iterdir()} == expected
    assert [name.rpartition("/")[2] for name in log][-1] == "manifest.json"
    assert len(log) == len(expected), "the retry sent nothing"
    assert receipt(world, "sftp")["answer"]["manifest_read_back"] == ref.sha256


def test_another_server_in_its_place_gets_nothing(
    world: World, courier: Courier, sftp: tuple[dict[str, Any], Path, list[str]]
) -> None:
    channel, _, log = sftp
    other = paramiko.ECDSAKey.generate()
    wrong = channel | {"host_key": f"{other.get_name()} {other.get_base64()}"}
    ref, only = version(world), check(Delivery, {"channels": [wrong]}, "test")
    with pytest.raises(SourceUnavailable, match="delivery by sftp"):
        deliver(ref.key, reports=world.reports, delivery=only, carrier=courier, clock=clock)
    assert log == []
    assert world.reports.head(f"reports/{DAY}/receipts/v1-sftp.json") is None
