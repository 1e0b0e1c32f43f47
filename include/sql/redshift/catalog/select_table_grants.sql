-- select_table_grants.sql · grain: one explicit privilege on a table or view · params: :schema_name, :table_name
SELECT
    privilege_type,
    identity_type,
    identity_name,
    admin_option
FROM svv_relation_privileges
WHERE namespace_name = CAST(:schema_name AS VARCHAR(128))
    AND relation_name = CAST(:table_name AS VARCHAR(128));
