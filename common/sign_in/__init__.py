"""Signing in: passwords, second factors, sessions; and who a call comes from."""
