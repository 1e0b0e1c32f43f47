"""The compaction of many small uploads, beside others that read and write the same files."""
