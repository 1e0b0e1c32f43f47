-- select_row_policies.sql · grain: one attached row-level policy · params: :schema_name, :table_name
-- Visible to sys:secadmin only.
SELECT
    polname,
    granteekind,
    grantee,
    is_rls_on,
    TRIM(rls_conjunction_type) AS conjunction
FROM svv_rls_attached_policy
WHERE relschema = CAST(:schema_name AS VARCHAR(128))
    AND relname = CAST(:table_name AS VARCHAR(128));
