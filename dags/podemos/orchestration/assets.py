"""What DAGs hand to each other. An event's `extra` holds the business date and the manifest that proves it."""

from __future__ import annotations

from airflow.sdk import Asset

SUCURSALES = Asset(name="sucursales", uri="podemos://branches/certificates", group="branches")
"""The branches' day, certified in the warehouse and delivered to the report's inbox."""

REPORTE_REGULATORIO = Asset(name="reporte_regulatorio", uri="podemos://regulatory/reports", group="regulatory")
"""A published version of a day's report."""
