"""The independent check of a report: it knows what sources and branches really hold, and says what differs."""
