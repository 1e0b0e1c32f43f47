"""Starts, provisions and stops the local platform, and runs a night on it."""
