"""The expectations of the gate: one suite per level, judged by Great Expectations on the reconciliation's result rows.

Everything compared is an integer or a text in a pair of columns: Great Expectations' sum bounds are floats. Great
Expectations is imported inside the functions: it takes seconds and hundreds of megabytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from podemos.regulatory.results import Level, Result, Severity

NAMES = {
    Level.CONTROL: "nivel_1_control_publicado",
    Level.WAREHOUSE: "nivel_2_normalizado_almacen",
    Level.BUSINESS: "nivel_3_reglas_de_negocio",
}
PAIRS = ("rows", "cents", "digest")
_INDEX = ["source", "rule", "unit"]


def judge_frame(results: Sequence[Result], level: Level, severity: Severity, required: Sequence[str]) -> dict[str, Any]:
    """Great Expectations' verdict on the results of one level and severity.

    Args:
        results: the results of that level and severity.
        level: names the suite.
        severity: names the batch.
        required: the sources that must have a result, so that an empty bag is never green.

    Returns:
        Its checkpoint-style JSON result: `success`, `results`, `statistics`, `meta`.
    """
    import great_expectations as gx
    import great_expectations.expectations as gxe
    import pandas as pd

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    suite = gx.ExpectationSuite(name=f"{NAMES[level]}_{severity}")
    for name in PAIRS:
        suite.add_expectation(
            gxe.ExpectColumnPairValuesToBeEqual(column_A=f"expected_{name}", column_B=f"actual_{name}")
        )
    if required:
        suite.add_expectation(gxe.ExpectColumnDistinctValuesToContainSet(column="source", value_set=list(required)))
    frame = pd.DataFrame([_flat(result) for result in results])
    batch = (
        context.data_sources.add_pandas("conciliacion")
        .add_dataframe_asset(str(severity))
        .add_batch_definition_whole_dataframe("renglones")
        .get_batch({"dataframe": frame})
    )
    found = batch.validate(suite, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": _INDEX})
    # Numpy numbers become plain ones; canonical manifests hold no floats, so this stays Great Expectations' own JSON.
    return dict(json.loads(json.dumps(found.to_json_dict(), default=str)))


def _flat(result: Result) -> dict[str, Any]:
    """A result without free text: no row is named in what Great Expectations writes."""
    flat = result.to_dict()
    return {name: value for name, value in flat.items() if name not in ("detail", "units")}
