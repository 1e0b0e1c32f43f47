"""Seeded nights on a simulated clock, over the shipped seal, readers, reconciliation, decision, build and publication.

Clock, object store and the warehouse's transport are in memory; the warehouse runs the shipped SQL on DuckDB.
"""
