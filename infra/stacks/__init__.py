"""One stack per concern, in the order in which they are created."""
