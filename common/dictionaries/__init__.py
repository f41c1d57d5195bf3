"""Dictionaries: coded values with names in both languages, dated, with history; nodes add to headquarters' (SYS-02)."""
