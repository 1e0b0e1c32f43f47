"""`make bench-report`: a night of the report at a stated size, stage by stage, and reconciliation beside peers."""
