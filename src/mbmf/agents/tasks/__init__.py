"""The agents that are shipped, one file each: body, rewards, termination, starts, title, view."""
