"""The journals after the fact: read from the live table and from archives, audited, archived, pruned."""
