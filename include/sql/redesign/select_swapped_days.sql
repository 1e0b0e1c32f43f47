-- select_swapped_days.sql · the table's totals in the instant of a swap · grain: day · params: :plan, :step
SELECT
    CAST(dia AS VARCHAR(10)) AS dia,
    renglones,
    CAST(centavos AS VARCHAR(40)) AS centavos,
    CAST(huella AS VARCHAR(40)) AS huella
FROM ops.redesign_days
WHERE plan = CAST(:plan AS VARCHAR(64))
    AND paso = CAST(:step AS VARCHAR(64));
