"""The advisor: which design of a table would serve its queries better, simulated before a row is copied."""
