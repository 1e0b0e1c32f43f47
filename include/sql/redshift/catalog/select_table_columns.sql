-- select_table_columns.sql · grain: one row per column of a table, in order · params: :schema_name, :table_name
SELECT
    column_name,
    column_default,
    remarks
FROM svv_columns
WHERE table_schema = CAST(:schema_name AS VARCHAR(128))
    AND table_name = CAST(:table_name AS VARCHAR(128))
ORDER BY ordinal_position;
