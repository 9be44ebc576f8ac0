"""Clips of how the agents move."""
