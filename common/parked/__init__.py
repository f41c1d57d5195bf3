"""Received messages that could not be processed: an operator looks at them, and has them tried again or ended."""
