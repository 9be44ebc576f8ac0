"""Files of runs: whole or not at all, with where they come from."""
