"""Lets the job import what it would find on Glue 5.0, whatever else this machine has installed.

It judges the importer, not the depth: code of the job (its script, its --extra-py-files) may import the standard
library, Glue's published modules and itself. A module of Glue's list may import its own dependencies, as on AWS.
"""

import builtins
import importlib
import sys
from pathlib import Path
from typing import Any

_ALWAYS = {"awsglue", "__main__", "__future__"}


class _Guard:
    def __init__(self, order: dict[str, Any]) -> None:
        self._roots = (order["script"], *order["import_path"])
        listed = Path(order["modules"]).read_text().splitlines()
        self._glue = {line.split("#")[0].strip() for line in listed} - {""}
        self._import = builtins.__import__
        self._import_module = importlib.import_module

    def install(self) -> None:
        builtins.__import__ = self.import_statement
        importlib.import_module = self.import_module

    def import_statement(
        self,
        name: str,
        globals: Any = None,
        locals: Any = None,
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        importer = globals or sys._getframe(1).f_globals
        if level == 0 and self._is_job(importer):
            self._check(name, importer)
        return self._import(name, globals, locals, fromlist, level)

    def import_module(self, name: str, package: str | None = None) -> Any:
        caller = sys._getframe(1).f_globals
        if not name.startswith(".") and self._is_job(caller):
            self._check(name, caller)
        return self._import_module(name, package)

    def _is_job(self, importer: Any) -> bool:
        """Whether the importing code came with the job; a Spark worker's functions carry their script's name, too."""
        file = importer.get("__file__") if importer else None
        return isinstance(file, str) and file.startswith(self._roots)

    def _check(self, name: str, importer: Any) -> None:
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in self._glue or top in _ALWAYS or self._comes_with_the_job(top):
            return
        raise ModuleNotFoundError(
            f"No module named '{top}' on AWS Glue 5.0: it is not in its published module list nor in --extra-py-files "
            f"(imported by {importer.get('__name__')}, {Path(importer['__file__']).name})",
            name=name,
        )

    def _comes_with_the_job(self, top: str) -> bool:
        for entry in self._roots[1:]:
            finder = sys.path_importer_cache.get(entry) or _finder(entry)
            if finder is not None and finder.find_spec(top) is not None:
                return True
        return False


def _finder(entry: str) -> Any:
    for hook in sys.path_hooks:
        try:
            return hook(entry)
        except ImportError:
            continue
    return None


def install(order: dict[str, Any]) -> None:
    """Guard this process for the job described by `order` (the runner's job.json)."""
    _Guard(order).install()
