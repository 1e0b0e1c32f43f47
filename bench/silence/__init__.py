"""Simulated phones that fall silent, and how soon and how truly the watch says so."""
