"""The conventions of the TM Forum's REST APIs, once for all modules: a feature declares its resources in rest.py."""
