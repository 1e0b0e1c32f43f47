-- select_masks.sql · grain: one attached masking policy · params: :schema_name, :table_name
-- Visible to superusers and sys:secadmin only; others see no rows.
SELECT
    policy_name,
    grantee_type,
    grantee,
    priority,
    input_columns,
    output_columns
FROM svv_attached_masking_policy
WHERE schema_name = CAST(:schema_name AS VARCHAR(128))
    AND table_name = CAST(:table_name AS VARCHAR(128));
