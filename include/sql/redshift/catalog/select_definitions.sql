-- select_definitions.sql · grain: one row per column · params: :schemas (names)
-- PG_TABLE_DEF shows the schemas of search_path only, and gives no rows instead of an error for the others.
SET search_path TO :schemas;
SELECT
    schemaname,
    tablename,
    "column",
    TRIM(encoding) AS column_encoding,
    distkey,
    sortkey
FROM pg_table_def
WHERE schemaname <> 'pg_catalog';
