"""Alarms: what an operator must see, from the moment it is so until it has ended, with who took care of it."""
