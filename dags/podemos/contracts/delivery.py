"""How a published report is delivered: `include/config/delivery.yaml`."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from podemos.contracts.loading import Strict, config_file, load

NAME = r"^[a-z][a-z0-9_]{1,39}$"
Hours = Annotated[int, Field(ge=1, le=168, description="how long a presigned link is good for; S3 allows 7 days")]


class Link(Strict):
    """Presigned links to the version's files, handed on with the notice."""

    kind: Literal["link"]
    name: str = Field(pattern=NAME)
    hours: Hours


class Mail(Strict):
    """A mail over SES: the summary in its text, the pages attached, links to all files."""

    kind: Literal["mail"]
    name: str = Field(pattern=NAME)
    sender: str = Field(pattern=r"^\S+@\S+$")
    to: tuple[Annotated[str, Field(pattern=r"^\S+@\S+$")], ...] = Field(min_length=1)
    link_hours: Hours


class Sftp(Strict):
    """An upload over SFTP into a folder of the other side's server."""

    kind: Literal["sftp"]
    name: str = Field(pattern=NAME)
    host: str
    port: int = Field(default=22, ge=1, le=65_535)
    user: str
    folder: str = Field(pattern=r"^/", description="absolute; the version goes to <folder>/<day>/v<N>/")
    host_key: str = Field(pattern=r"^\S+ \S+$", description="type and key as ssh-keyscan prints them: no other server")
    secret: str = Field(description="Secrets Manager id of the user's private key, PEM")


Channel = Annotated[Link | Mail | Sftp, Field(discriminator="kind")]


class Delivery(Strict):
    """All channels: each has its own receipt."""

    channels: tuple[Channel, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [channel.name for channel in self.channels]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"channel {', '.join(twice)} is listed twice: a channel has one receipt")
        if "rehearsal" in names:
            raise ValueError("no channel may be called rehearsal: that is where rehearsals go")
        return self


@cache
def delivery() -> Delivery:
    """The configured channels."""
    return load(Delivery, config_file("delivery.yaml"))
