"""Adversarial lives of a fleet of phones through the shipped compaction: see docs/chaos_mobile.md."""
