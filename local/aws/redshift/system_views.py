"""System views with exactly the documented columns, in the documented order, over what really happened.

A documented column that nothing here measures is NULL; README.md lists them. Names that are not here do not exist.
"""

_STATE = """(SELECT r.*, greatest(0, coalesce(sum(c.visible), 0))::BIGINT AS visible,
    greatest(0, coalesce(sum(c.ghosts), 0))::BIGINT AS ghosts, greatest(0, coalesce(sum(c.unsorted),
    0))::BIGINT AS unsorted_rows,
    greatest(0, coalesce(sum(c.stale), 0))::BIGINT AS stale
    FROM _redshift.relations r LEFT JOIN _redshift.changes c USING (table_id) WHERE r.kind = 'table' GROUP BY ALL)"""

_DATA_TYPE = """type_name || CASE WHEN type_name = 'numeric' THEN '(' || precision || ',' || scale || ')'
    WHEN length IS NOT NULL THEN '(' || length || ')' ELSE '' END"""

# What AUTO would choose for a column without ENCODE.
_ENCODING = """CASE WHEN list_position(r.sortkey, c.name) = 1 AND c.encoding IS NULL THEN 'none'
    WHEN c.encoding = 'raw' THEN 'none' WHEN c.encoding IS NOT NULL AND c.encoding <> 'auto' THEN c.encoding
    WHEN c.type_name IN ('boolean', 'real', 'double precision') THEN 'none'
    WHEN c.type_name LIKE 'character%' THEN 'lzo' ELSE 'az64' END"""

# Literals and layout do not count.
_GENERIC_HASH = r"""md5(lower(trim(regexp_replace(regexp_replace(regexp_replace(query_text, '''[^'']*''', '?', 'g'),
    '\b\d+(\.\d+)?\b', '?', 'g'), '\s+', ' ', 'g'))))"""

_EXECUTION = """greatest(0, elapsed_time - lock_wait_time - coalesce(queue_time, 0) - coalesce(planning_time, 0)
    - coalesce(compile_time, 0))"""

VIEWS = {
    "svv_table_info": f"""SELECT getvariable('database')::VARCHAR AS "database", s.schema_name AS "schema", s.table_id,
        s.name AS "table",
        CASE WHEN s.encode_auto THEN 'Y, AUTO(ENCODE)' ELSE 'Y' END AS encoded,
        CASE WHEN s.diststyle = 'KEY' THEN 'KEY(' || s.distkey || ')' ELSE coalesce(s.diststyle,
        'AUTO(ALL)') END AS diststyle,
        CASE WHEN s.sortkey IS NULL THEN 'AUTO(SORTKEY)' ELSE s.sortkey[1] END AS sortkey1,
        (SELECT max(length) FROM _redshift.columns c WHERE c.table_id = s.table_id AND type_name = 'character
        varying') AS max_varchar,
        (SELECT {_ENCODING} FROM _redshift.columns c, _redshift.relations r
          WHERE c.table_id = s.table_id AND r.table_id = s.table_id AND c.name = s.sortkey[1]) AS sortkey1_enc,
        coalesce(len(s.sortkey), 0)::INTEGER AS sortkey_num,
        ((SELECT count(*) FROM _redshift.columns c WHERE c.table_id = s.table_id) + 3)
            * greatest(1, ceil((s.visible + s.ghosts) / 130994.0)::BIGINT) AS size,
        NULL::DECIMAL(10,4) AS pct_used, NULL::BIGINT AS empty,
        CASE WHEN coalesce(len(s.sortkey), 0) = 0 THEN NULL
            ELSE (100.0 * least(s.unsorted_rows,
            s.visible + s.ghosts) / (s.visible + s.ghosts))::DECIMAL(5,2) END AS unsorted,
        (100.0 * least(1, s.stale / greatest(1.0, s.visible + s.ghosts)))::DECIMAL(5,2) AS stats_off,
        (s.visible + s.ghosts)::DECIMAL(38,0) AS tbl_rows, NULL::DECIMAL(19,2) AS skew_sortkey1,
        NULL::DECIMAL(19,2) AS skew_rows,
        s.visible::DECIMAL(38,0) AS estimated_visible_rows, NULL::VARCHAR AS risk_event,
        CASE WHEN coalesce(len(s.sortkey), 0) = 0 THEN 0 ELSE
            100.0 * least(s.unsorted_rows,
            s.visible + s.ghosts) / (s.visible + s.ghosts) END::DECIMAL(12,2) AS vacuum_sort_benefit,
        s.created AS create_time
        FROM {_STATE} s WHERE s.visible + s.ghosts > 0""",
    "svv_columns": """SELECT getvariable('database')::VARCHAR AS table_catalog, r.schema_name AS table_schema,
    r.name AS table_name,
        c.name AS column_name,
        (row_number() OVER (PARTITION BY r.table_id ORDER BY c.ordinal))::INTEGER AS ordinal_position,
        c.default_text AS column_default, CASE WHEN c.not_null THEN 'NO' ELSE 'YES' END AS is_nullable,
        c.type_name AS data_type, c.length AS character_maximum_length,
        coalesce(c.precision,
        CASE c.type_name WHEN 'smallint' THEN 16 WHEN 'integer' THEN 32 WHEN 'bigint' THEN 64 END)::INTEGER
            AS numeric_precision,
        CASE WHEN c.precision IS NOT NULL THEN 10 WHEN c.type_name IN ('smallint', 'integer',
        'bigint') THEN 2 END::INTEGER
            AS numeric_precision_radix,
        CASE WHEN c.type_name IN ('smallint', 'integer', 'bigint') THEN 0 ELSE c.scale END::INTEGER AS numeric_scale,
        CASE WHEN c.type_name LIKE 'timestamp%' THEN 6 END::INTEGER AS datetime_precision,
        NULL::VARCHAR AS interval_type, NULL::VARCHAR AS interval_precision, NULL::VARCHAR AS character_set_catalog,
        NULL::VARCHAR AS character_set_schema, NULL::VARCHAR AS character_set_name, NULL::VARCHAR AS collation_catalog,
        NULL::VARCHAR AS collation_schema, NULL::VARCHAR AS collation_name, NULL::VARCHAR AS domain_name,
        c.remarks AS remarks
        FROM _redshift.relations r JOIN _redshift.columns c USING (table_id)""",
    "svv_tables": """SELECT getvariable('database')::VARCHAR AS table_catalog, schema_name AS table_schema,
    name AS table_name,
        CASE kind WHEN 'table' THEN 'BASE TABLE' ELSE 'VIEW' END AS table_type, remarks FROM _redshift.relations""",
    "pg_table_def": f"""SELECT r.schema_name AS schemaname, r.name AS tablename, c.name AS "column",
    {_DATA_TYPE} AS "type",
        {_ENCODING} AS encoding, coalesce(c.name = r.distkey, false) AS distkey,
        coalesce(list_position(r.sortkey, c.name), 0)::INTEGER AS sortkey, c.not_null AS notnull
        FROM _redshift.relations r JOIN _redshift.columns c USING (table_id) WHERE r.kind = 'table'""",
    "svv_relation_privileges": """SELECT coalesce(r.schema_name, g.schema_name) AS namespace_name,
    r.name AS relation_name,
        g.privilege AS privilege_type, NULL::INTEGER AS identity_id, g.identity_name,
        g.identity_kind AS identity_type, g.admin_option
        FROM _redshift.grants g JOIN _redshift.relations r USING (table_id) WHERE g.object_kind = 'TABLE'""",
    "svv_redshift_tables": """SELECT getvariable('database')::VARCHAR AS database_name, r.schema_name,
        r.name AS table_name, CASE r.kind WHEN 'table' THEN 'TABLE' ELSE 'VIEW' END AS table_type,
        NULL::VARCHAR AS table_acl, left(r.remarks, 128) AS remarks, coalesce(o.owner, 'admin') AS table_owner
        FROM _redshift.relations r LEFT JOIN _redshift.owners o USING (table_id)""",
    "svv_column_privileges": """SELECT r.schema_name AS namespace_name, r.name AS relation_name, g.column_name,
        g.privilege AS privilege_type, NULL::INTEGER AS identity_id, g.identity_name, g.identity_kind AS identity_type
        FROM _redshift.column_grants g JOIN _redshift.relations r USING (table_id)""",
    "svv_rls_attached_policy": """SELECT r.schema_name AS relschema, r.name AS relname, r.kind AS relkind,
        p.policy AS polname, 'admin' AS grantor, p.identity_name AS grantee, p.identity_kind AS granteekind,
        true AS is_pol_on, s.table_id IS NOT NULL AS is_rls_on, lower(coalesce(s.conjunction, 'and'))
        AS rls_conjunction_type
        FROM _redshift.policies p JOIN _redshift.relations r USING (table_id)
        LEFT JOIN _redshift.row_security s USING (table_id) WHERE p.kind = 'RLS'""",
    "svv_attached_masking_policy": """SELECT p.policy AS policy_name, r.schema_name, r.name AS table_name,
        r.kind AS table_type, 'admin' AS grantor, p.identity_name AS grantee, p.identity_kind AS grantee_type,
        p.priority, p.inputs AS input_columns, p.outputs AS output_columns, false AS is_masking_datashare_on
        FROM _redshift.policies p JOIN _redshift.relations r USING (table_id) WHERE p.kind = 'MASKING'""",
    "stv_tbl_perm": f"""SELECT 0 AS slice, s.table_id AS id, left(s.name, 72) AS name,
        s.visible + s.ghosts AS "rows", greatest(0, s.visible + s.ghosts - s.unsorted_rows) AS sorted_rows, 0 AS temp,
        NULL::INTEGER AS db_id, NULL::INTEGER AS insert_pristine, NULL::INTEGER AS delete_pristine,
        (b.table_id IS NULL)::INTEGER AS backup, NULL::INTEGER AS dist_style, -1 AS block_count
        FROM {_STATE} s LEFT JOIN _redshift.no_backup b USING (table_id)""",
    "sys_query_history": f"""SELECT 100 AS user_id, query_id, query_label, transaction_id, session_id, database_name,
    query_type,
        status, coalesce(cached, false) AS result_cache_hit, start_time, end_time, elapsed_time,
        coalesce(queue_time, 0) AS queue_time,
        {_EXECUTION} AS execution_time, error_message, returned_rows, NULL::BIGINT AS returned_bytes,
        left(query_text, 4000) AS query_text, 'local (DuckDB)' AS redshift_version, NULL::VARCHAR AS usage_limit,
        'primary' AS compute_type, coalesce(compile_time, 0) AS compile_time,
        coalesce(planning_time, 0) AS planning_time, lock_wait_time,
        -1 AS service_class_id, NULL::VARCHAR AS service_class_name, 'Normal' AS query_priority,
        'false' AS short_query_accelerated,
        md5(query_text) AS user_query_hash, {_GENERIC_HASH} AS generic_query_hash, 1 AS query_hash_version,
        NULL::INTEGER AS result_cache_query_id, username
        FROM _redshift.query_history LEFT JOIN _redshift.query_times USING (query_id)""",
    # A scan shows twice, as on Redshift: blocks and spill on the segment's row, rows on the step's.
    "sys_query_detail": """SELECT 100 AS user_id, query_id, 1 AS child_query_sequence, 0 AS stream_id,
        (s.table_id % 1000)::INTEGER AS segment_id, level.step AS step_id,
        CASE level.step WHEN 0 THEN 'scan' END AS step_name, s.table_id, s.table_name,
        CASE level.step WHEN 0 THEN s.is_rrscan END AS is_rrscan,
        s.start_time, s.end_time,
        epoch_us(s.end_time) - epoch_us(s.start_time) AS duration, NULL::VARCHAR AS alert,
        NULL::BIGINT AS input_bytes,
        CASE level.step WHEN 0 THEN s.kept ELSE 0 END AS input_rows,
        NULL::BIGINT AS output_bytes,
        CASE level.step WHEN 0 THEN s.rows_out ELSE 0 END AS output_rows,
        CASE level.step WHEN 0 THEN 0 ELSE s.blocks END AS blocks_read, 0::BIGINT AS blocks_write,
        NULL::BIGINT AS local_read_io, NULL::BIGINT AS remote_read_io, NULL::VARCHAR AS source,
        NULL::INTEGER AS data_skewness, s.time_skewness, 'f' AS is_active,
        CASE level.step WHEN 0 THEN 0 ELSE s.spilled END AS spilled_block_local_disk,
        0::BIGINT AS spilled_block_remote_disk, NULL::VARCHAR AS step_attribute,
        CASE level.step WHEN 0 THEN 'step' ELSE 'segment' END AS metrics_level, NULL::INTEGER AS plan_parent_id,
        NULL::INTEGER AS plan_node_id
        FROM (SELECT query_id, table_id, table_name, is_rrscan, min(start_time) AS start_time,
            max(end_time) AS end_time,
            sum(rows_pre_user_filter)::BIGINT AS kept, sum(rows_out)::BIGINT AS rows_out, sum(blocks)::BIGINT AS blocks,
            sum(spilled)::BIGINT AS spilled, max(time_skewness)::INTEGER AS time_skewness
            FROM _redshift.scans GROUP BY ALL) AS s CROSS JOIN (VALUES (-1), (0)) AS level(step)""",
    "stl_query": """SELECT 100 AS userid, query_id AS query, query_label AS label, transaction_id AS xid,
        session_id AS pid, database_name AS "database", left(query_text, 4000) AS querytxt, start_time AS starttime,
        end_time AS endtime, (status IN ('failed', 'canceled'))::INTEGER AS aborted, 0 AS insert_pristine,
        0 AS concurrency_scaling_status FROM _redshift.query_history""",
    "stl_wlm_query": f"""SELECT 100 AS userid, transaction_id AS xid, 0 AS task, query_id AS query,
        100 AS service_class, 1 AS slot_count, start_time AS service_class_start_time,
        start_time AS queue_start_time, start_time + to_microseconds(coalesce(queue_time, 0)) AS queue_end_time,
        coalesce(queue_time, 0) AS total_queue_time, end_time - to_microseconds({_EXECUTION}) AS exec_start_time,
        end_time AS exec_end_time, {_EXECUTION} AS total_exec_time, end_time AS service_class_end_time,
        'Completed' AS final_state, NULL::BIGINT AS est_peak_mem, 'Normal' AS query_priority,
        'Default queue' AS service_class_name
        FROM _redshift.query_history LEFT JOIN _redshift.query_times USING (query_id)""",
    "stl_scan": """SELECT 100 AS userid, query_id AS query, slice, (table_id % 1000)::INTEGER AS segment, 0 AS step,
        start_time AS starttime, end_time AS endtime, NULL::BIGINT AS tasknum, rows_out AS "rows",
        NULL::BIGINT AS bytes, NULL::BIGINT AS fetches, 2 AS type, table_id AS tbl, is_rrscan,
        'f' AS is_delayed_scan, rows_pre_filter, rows_pre_user_filter,
        split_part(table_name, '.', -1) AS perm_table_name, 'f' AS is_rlf_scan, NULL::INTEGER AS is_rlf_scan_reason,
        NULL::INTEGER AS num_em_blocks, NULL::BIGINT AS checksum, NULL::VARCHAR AS runtime_filtering,
        NULL::INTEGER AS scan_region, NULL::INTEGER AS num_sortkey_as_predicate, NULL::INTEGER AS row_fetcher_state,
        NULL::BIGINT AS consumed_scan_ranges, NULL::BIGINT AS work_stealing_reason,
        NULL::VARCHAR AS is_vectorized_scan, NULL::INTEGER AS is_vectorized_scan_reason,
        NULL::BIGINT AS row_fetcher_reason, NULL::BIGINT AS topology_signature, NULL::VARCHAR AS use_tpm_partition,
        NULL::VARCHAR AS is_rrscan_expr, NULL::VARCHAR AS scanned_mega_value FROM _redshift.scans""",
    "svl_compile": """SELECT 100 AS userid, transaction_id AS xid, session_id AS pid, query_id AS query, 0 AS segment,
        1 AS locus, start_time AS starttime, start_time + to_microseconds(compile_time) AS endtime, 1 AS compile
        FROM _redshift.query_history JOIN _redshift.query_times USING (query_id) WHERE compile_time > 0""",
    "sys_vacuum_history": """SELECT 100 AS user_id, transaction_id, query_id, database_name, schema_name, table_name,
    table_id,
        vacuum_type, false AS is_automatic, status, start_time, end_time, end_time AS record_time,
        (epoch_us(end_time) - epoch_us(start_time))::INTEGER AS duration, rows_before AS rows_before_vacuum,
        NULL::INTEGER AS size_before_vacuum, reclaimed AS reclaimable_rows, reclaimed AS reclaimed_rows,
        NULL::BIGINT AS reclaimed_blocks,
        sorted_before::INTEGER AS sortedrows_before_vacuum, sorted_added::INTEGER AS sortedrows_after_vacuum
        FROM _redshift.vacuum_history""",
    "sys_analyze_history": """SELECT 100 AS user_id, transaction_id, database_name, left(table_name,
    30) AS table_name, table_id,
        'f' AS is_automatic, status, start_time, end_time, row_count AS "rows", modified AS modified_rows,
        threshold AS analyze_threshold_percent, last_analyze AS last_analyze_time FROM _redshift.analyze_history""",
    "sys_load_history": """SELECT 100 AS user_id, query_id, transaction_id, session_id, database_name, status,
    table_name, start_time,
        end_time, epoch_us(end_time) - epoch_us(start_time) AS duration, data_source, file_format, loaded_rows,
        NULL::BIGINT AS loaded_bytes, files AS source_file_count, bytes AS source_file_bytes,
        files AS file_count_scanned,
        bytes AS file_bytes_scanned, 0::BIGINT AS error_count,
        NULL::BIGINT AS copy_job_id FROM _redshift.load_history""",
    "sys_load_error_detail": """SELECT 100 AS user_id, query_id, transaction_id, session_id, database_name, table_id,
    start_time,
        file_name, line_number, column_name, column_type, column_length, "position", error_code, error_message
        FROM _redshift.load_errors""",
}
