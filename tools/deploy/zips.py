"""Zip files with the same bytes for the same content, whenever and wherever they are made."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files, name -> content, in the order of their names, dated 1980, with mode 644."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=EPOCH)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, _MODE, 3
            archive.writestr(entry, files[name])
    return content.getvalue()


def read_folder(folder: Path, pattern: str = "*") -> dict[str, bytes]:
    """Files below a folder by their path relative to it; bytecode and hidden editors' files are left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob(pattern))
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc" and path.name != ".DS_Store"
    }
