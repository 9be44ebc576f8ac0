"""Planners, a file each. `planning.planner` of the configuration names one of them."""
