-- select_backup.sql · is the table in snapshots · grain: the table · params: :schema_name, :table_name
-- STV_TBL_PERM is the superusers' and not on Serverless; SVV_TABLE_INFO omits empty tables.
SELECT MAX(p.backup) AS backed_up
FROM stv_tbl_perm AS p
INNER JOIN svv_table_info AS i ON p.id = i.table_id
WHERE i.schema = CAST(:schema_name AS VARCHAR(128))
    AND i."table" = CAST(:table_name AS VARCHAR(128));
