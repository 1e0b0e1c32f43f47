"""Branches: incremental pulls of 200 MySQL databases into a lake and a warehouse, proven to the cent."""
