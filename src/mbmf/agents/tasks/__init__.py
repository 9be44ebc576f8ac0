"""The shipped agents, one file each: body, rewards, termination, starts, title, view."""
