"""Adversarial redesigns: the shipped code on the local Redshift, with writers, readers, crashes and a lock queue.

See docs/adr/0039-redesign.md. Time is simulated and one actor runs at a time, so a case is its seed and its number.
"""
