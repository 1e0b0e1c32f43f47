"""`getResolvedOptions` as in AWS Glue's library."""

from argparse import ArgumentParser
from typing import NoReturn


class GlueArgumentError(Exception):
    """An option the script asks for is missing."""


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise GlueArgumentError(message)


def getResolvedOptions(argv: list[str], options: list[str]) -> dict[str, str]:
    """The values of `options` in the job's arguments.

    Raises:
        GlueArgumentError: one is missing.
    """
    parser = _Parser(allow_abbrev=False)
    for option in options:
        parser.add_argument(f"--{option}", dest=option, required=True)
    known, _ = parser.parse_known_args(argv[1:])
    return vars(known)
