"""Traces for OpenTelemetry: one over all nodes of a request. Off unless an endpoint is set."""
