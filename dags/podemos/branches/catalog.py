"""The Glue Data Catalog: one table per contract, one partition per curated day, so Athena, Spectrum and we read alike.

Nobody lists folders and no crawler runs: a partition's location is the folder of the published revision.
"""

from __future__ import annotations

from typing import Any

from podemos.branches import keys
from podemos.core.store import ObjectStore
from podemos.core.table import Table

_BATCH = 100
_TYPES = {"BIGINT": "bigint", "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "timestamp", "VARCHAR": "string"}
_FORMAT = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}


def register(
    client: Any,
    database: str,
    lake: ObjectStore,
    tables: list[dict[str, Any]],
    revision: dict[str, Any],
    before: dict[str, Any],
) -> None:
    """Points the partitions of every day that moved at its folder. Safe to repeat.

    Args:
        client: a boto3 `glue` client.
        database: created when it is missing.
        lake: gives the locations.
        tables: contracts of the plan.
        revision: the published revision.
        before: the revision before it; empty at first.
    """
    ensure_database(client, database)
    for table in (Table.from_dict(data) for data in tables):
        description = table_input(table, lake)
        ensure_table(client, database, description)
        old, new = before.get("days", {}).get(table.name, {}), revision["days"].get(table.name, {})
        moved = [day for day, entry in new.items() if entry["files"] != old.get(day, {}).get("files")]
        partitions = [_partition(description, lake, day, new[day]["files"]) for day in moved if new[day]["files"]]
        for at in range(0, len(partitions), _BATCH):
            _put(client, database, table.name, partitions[at : at + _BATCH])
        for day in moved:
            if not new[day]["files"]:
                _drop(client, database, table.name, day)


def ensure_database(client: Any, database: str) -> None:
    """Creates the database when it is missing."""
    try:
        client.create_database(DatabaseInput={"Name": database})
    except client.exceptions.AlreadyExistsException:
        return


def ensure_table(client: Any, database: str, description: dict[str, Any]) -> bool:
    """Creates the table, or brings it to its description; says whether that changed anything.

    Parameters, and an owner, that the description does not speak of stay: registering and governance write the same
    table and neither undoes the other.
    """
    try:
        found = client.get_table(DatabaseName=database, Name=description["Name"])["Table"]
    except client.exceptions.EntityNotFoundException:
        client.create_table(DatabaseName=database, TableInput=description)
        return True
    kept = {"Owner": found["Owner"]} if found.get("Owner") else {}
    wanted = {**kept, **description, "Parameters": {**found.get("Parameters", {}), **description["Parameters"]}}
    told = ("Description", "Parameters", "Owner")
    same = found["StorageDescriptor"]["Columns"] == wanted["StorageDescriptor"]["Columns"]
    if same and all(found.get(name) == wanted.get(name) for name in told):
        return False
    client.update_table(DatabaseName=database, TableInput=wanted)
    return True


def _put(client: Any, database: str, table: str, partitions: list[dict[str, Any]]) -> None:
    """Creates what is missing and updates what is there: two calls for up to a hundred days."""
    answer = client.batch_create_partition(DatabaseName=database, TableName=table, PartitionInputList=partitions)
    there = [error["PartitionValues"] for error in answer.get("Errors", ())]
    entries = [{"PartitionValueList": p["Values"], "PartitionInput": p} for p in partitions if p["Values"] in there]
    if entries:
        client.batch_update_partition(DatabaseName=database, TableName=table, Entries=entries)


def _drop(client: Any, database: str, table: str, day: str) -> None:
    try:
        client.delete_partition(DatabaseName=database, TableName=table, PartitionValues=[day])
    except client.exceptions.EntityNotFoundException:
        return


def table_input(table: Table, lake: ObjectStore) -> dict[str, Any]:
    """The table as the Data Catalog takes it: columns with comments and sensitivity, and where its files are."""
    sensitivity = table.sensitivities()
    columns = [
        {
            "Name": found.name,
            "Type": _type(found.type),
            "Comment": found.comment,
            "Parameters": {"sensitivity": str(sensitivity[found.name])},
        }
        for found in table.curated_columns()
    ]
    return {
        "Name": table.name,
        "Description": table.comment,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet", "warehouse": table.warehouse},
        "PartitionKeys": [{"Name": "fecha", "Type": "string", "Comment": "Día local de la sucursal, o 'todo'"}],
        "StorageDescriptor": {"Columns": columns, "Location": lake.uri(keys.curated(table.name)), **_FORMAT},
    }


def _partition(description: dict[str, Any], lake: ObjectStore, day: str, files: list[dict[str, Any]]) -> dict[str, Any]:
    folder = files[0]["key"].rpartition("/")[0]
    storage = {**description["StorageDescriptor"], "Location": lake.uri(folder)}
    rows = str(sum(file["rows"] for file in files))
    return {"Values": [day], "StorageDescriptor": storage, "Parameters": {"rows": rows}}


def _type(sql: str) -> str:
    return sql.lower() if sql.startswith("DECIMAL") else _TYPES[sql.partition("(")[0]]
