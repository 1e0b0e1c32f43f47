-- select_table_types.sql · grain: one row per column of a table · params: :schemas (name), :schema_name, :table_name
-- PG_TABLE_DEF shows the schemas of search_path only.
SET search_path TO :schemas;
SELECT
    "column",
    type,
    TRIM(encoding) AS column_encoding,
    distkey,
    sortkey,
    "notnull" AS is_required
FROM pg_table_def
WHERE schemaname = CAST(:schema_name AS VARCHAR(128))
    AND tablename = CAST(:table_name AS VARCHAR(128));
