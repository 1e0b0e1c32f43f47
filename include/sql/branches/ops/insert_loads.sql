-- insert_loads.sql  · grain: one row per load · idempotent: yes, as the newest revision counts
-- params: :tabla, :revision, :revision_key
INSERT INTO ops.loads (tabla, revision, revision_key, renglones, cargado)
SELECT
    CAST(:tabla AS VARCHAR(63)),
    CAST(:revision AS BIGINT),
    CAST(:revision_key AS VARCHAR(256)),
    0,
    GETDATE();
