-- select_loads.sql  · grain: one row per table · params: none
SELECT
    tabla,
    MAX(revision) AS revision
FROM ops.loads
GROUP BY tabla;
