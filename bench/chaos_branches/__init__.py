"""Seeded adversarial schedules of branches, driven through the shipped ingestion, night by night in lock-step.

One schedule is one branch of one lake: its own server, clock, writers, faults. All schedules advance one night, then
one Spark job curates them all. Clock, MySQL connection and object store are in memory; everything else is what ships.
"""
