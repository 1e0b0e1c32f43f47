"""Events of the officers' phones: from the inbox to compacted tables, exactly once, and an eye on what is missing."""
