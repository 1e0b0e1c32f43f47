"""Delivers a published version by every configured channel. The deadline is the delivery; its receipt is the proof.

A receipt is created once, beside the version's closed folder. A retry that finds it sends nothing again; if a process
dies between the sending and the receipt, that channel sends twice. A rehearsal sends nothing: its one receipt says what
would have been sent.
"""

from __future__ import annotations

from contextlib import suppress

from podemos.contracts.delivery import Delivery
from podemos.core.clock import Clock, iso
from podemos.core.errors import AlreadyExists, SourceUnavailable
from podemos.core.manifest import canonical, read
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.channels import Answer, Carrier, Parcel

SCHEMA = "podemos/receipt/1"
REHEARSAL = "rehearsal"


def deliver(report_key: str, *, reports: ObjectStore, delivery: Delivery, carrier: Carrier, clock: Clock) -> str:
    """Sends the version by each channel that has no receipt yet; returns the version's own key.

    Raises:
        SourceUnavailable: a channel did not take it; the others did, and are not sent again by a retry.
    """
    manifest, ref = read(reports, report_key)
    parcel = Parcel(manifest, ref, reports)
    if manifest["rehearsal"]:
        would = {"would_send": [{"channel": one.name, "kind": one.kind} for one in delivery.channels]}
        _keep(parcel, REHEARSAL, REHEARSAL, Answer(reports.uri(parcel.folder), would), clock)
        return report_key
    refused = []
    for channel in delivery.channels:
        if reports.head(keys.receipt(manifest, channel.name)) is not None:
            continue
        try:
            answer = carrier(channel, parcel)
        except SourceUnavailable as error:
            refused.append(str(error))
            continue
        _keep(parcel, channel.name, channel.kind, answer, clock)
    if refused:
        raise SourceUnavailable("; ".join(refused))
    return report_key


def _keep(parcel: Parcel, channel: str, kind: str, answer: Answer, clock: Clock) -> None:
    """Creates the receipt; one that is there already stands."""
    receipt = {
        "schema": SCHEMA,
        "business_date": parcel.manifest["business_date"],
        "version": parcel.manifest["version"],
        "channel": channel,
        "kind": kind,
        "address": answer.address,
        "manifest": parcel.ref.to_dict(),
        "delivered_at": iso(clock()),
        "answer": dict(answer.answer),
    }
    with suppress(AlreadyExists):
        parcel.reports.put_new(keys.receipt(parcel.manifest, channel), canonical(receipt), "application/json")
