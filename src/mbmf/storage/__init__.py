"""Files of runs: written atomically, with their provenance."""
