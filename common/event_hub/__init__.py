"""The event hub of each API: who wants to hear of what, and every event told to them until they have it."""
