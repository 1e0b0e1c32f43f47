"""Reads a YAML file into a model. A wrong key is reported with file, key and reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from podemos.core.errors import ContractViolation
from podemos.core.paths import CONFIG_VARIABLE, config_file


class Strict(BaseModel):
    """Base of every model: unknown keys are errors, instances are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


__all__ = ["Strict", "check", "config_file", "load"]
Model = TypeVar("Model", bound=BaseModel)


def load(model: type[Model], path: Path) -> Model:
    """The file's content as a model.

    Raises:
        ContractViolation: the file is missing, is not YAML, or does not fit; the message names file, key and reason.
    """
    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContractViolation(
            f"{path.name}: no such file in {path.parent}; write it there, or name another folder in {CONFIG_VARIABLE}"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractViolation(f"{path.name} is not YAML: {error}") from error
    return check(model, data, path.name)


def check(model: type[Model], data: Any, origin: str) -> Model:
    """Data as a model; `origin` names it in errors.

    Raises:
        ContractViolation: it does not fit.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or '(top)'}: {e['msg']}" for e in error.errors())
        raise ContractViolation(f"{origin}: {faults}") from None
