"""Trajectories that the shipped agents follow, one file an agent, as in the authors' code."""
