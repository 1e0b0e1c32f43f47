"""The officers' phones: a reference of their side of docs/mobile-protocol.md, and a simulator of thousands of them."""
