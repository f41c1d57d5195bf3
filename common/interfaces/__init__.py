"""Interfaces to other systems: a port for each, adapters behind it, a queue of calls, their log and their health."""
