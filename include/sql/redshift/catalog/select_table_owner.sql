-- select_table_owner.sql · grain: the table · params: :schema_name, :table_name
-- The comment is SVV_TABLES', since SVV_REDSHIFT_TABLES cuts it at 128 bytes.
SELECT
    o.table_owner,
    t.remarks
FROM svv_redshift_tables AS o
INNER JOIN svv_tables AS t ON o.schema_name = t.table_schema AND o.table_name = t.table_name
WHERE o.schema_name = CAST(:schema_name AS VARCHAR(128))
    AND o.table_name = CAST(:table_name AS VARCHAR(128));
