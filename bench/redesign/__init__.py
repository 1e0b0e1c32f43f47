"""Predicted blocks beside blocks that a reader cannot skip, for designs of `pagos_historicos`."""
