-- select_column_grants.sql · grain: one explicit privilege on a column · params: :schema_name, :table_name
SELECT
    column_name,
    privilege_type,
    identity_type,
    identity_name
FROM svv_column_privileges
WHERE namespace_name = CAST(:schema_name AS VARCHAR(128))
    AND relation_name = CAST(:table_name AS VARCHAR(128));
