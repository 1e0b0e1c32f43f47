-- select_steps.sql · grain: one committed step of a plan · params: :plan
SELECT
    paso,
    renglones
FROM ops.redesigns
WHERE plan = CAST(:plan AS VARCHAR(64));
