"""A node as a running program: its data directory, its event loop, its ports, its clocks. Shared by both nodes."""
