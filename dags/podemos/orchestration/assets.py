"""What DAGs hand to each other. An event's `extra` holds the business date and the manifest that proves it."""

from __future__ import annotations

from airflow.sdk import Asset, AssetAlias

SUCURSALES = Asset(name="sucursales", uri="podemos://branches/certificates", group="branches")
"""The branches' day, certified in the warehouse and delivered to the report's inbox."""

CERTIFICADOS_CORREGIDOS = Asset(
    name="certificados_corregidos", uri="podemos://branches/certificates/corrected", group="branches"
)
"""The branches' certificates changed for a day whose report is published; `extra` holds the old and new hashes."""

CORRECCIONES = AssetAlias(name="correcciones_de_certificados", group="branches")
"""Outlet of the task that looks for corrections: an event of CERTIFICADOS_CORREGIDOS for each day, or none at all."""

ATRASO_MOVIL = Asset(name="atraso_movil", uri="podemos://mobile/backlog", group="mobile")
"""Uploads wait that no running compaction takes; `extra` holds how many, and the manifest after which they wait."""

ATRASO = AssetAlias(name="atraso_de_compactacion", group="mobile")
"""Outlet of the task that publishes a compaction: an event of ATRASO_MOVIL when it left uploads, or none at all."""

REPORTE_REGULATORIO = Asset(name="reporte_regulatorio", uri="podemos://regulatory/reports", group="regulatory")
"""A published version of a day's report."""
