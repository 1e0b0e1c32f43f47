"""`make bench-report`: a whole night of the report at a stated size, stage by stage, and its reconciliation beside peers."""
