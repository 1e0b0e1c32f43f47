"""The tables that SQL files declare: CREATE TABLE, and the COMMENT and ALTER TABLE that follow in any file.

What cannot be read is a fault; it is never taken for a table without faults.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from podemos.core.errors import ContractViolation
from podemos.redshift import ddl_changes, ddl_tables
from podemos.redshift.ddl_tables import Tables
from podemos.redshift.sql_statements import Statement, dialect, statements


@dataclass
class Declared:
    """What a set of files declares."""

    tables: Tables = field(default_factory=dict)
    files: int = 0
    skipped: list[str] = field(default_factory=list)
    """Folders of another dialect."""


def read(folders: list[Path]) -> Declared:
    """Every permanent table of the `.sql` files under the folders: first every CREATE, in order of path, then the rest.

    Raises:
        ContractViolation: a folder has no SQL, or a statement about a table cannot be read; it names file and line.
    """
    found, later = Declared(), list[Statement]()
    for folder in folders:
        files = sorted(folder.rglob("*.sql")) if folder.is_dir() else [folder] if folder.suffix == ".sql" else []
        if not [file for file in files if file.is_file()]:
            raise ContractViolation(f"{folder}: no .sql file there, so nothing would be checked")
        for file in files:
            if (other := dialect(file, folder)) != "redshift":
                if (note := f"{file.parent}: {other}") not in found.skipped:
                    found.skipped.append(note)
                continue
            found.files += 1
            for statement in statements(file):
                if statement.word(0) == "CREATE":
                    ddl_tables.create(found.tables, statement)
                elif statement.word(0) in ("COMMENT", "ALTER"):
                    later.append(statement)
    for statement in later:
        (ddl_changes.comment if statement.word(0) == "COMMENT" else ddl_changes.alter)(found.tables, statement)
    return found
