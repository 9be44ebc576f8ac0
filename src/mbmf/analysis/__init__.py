"""From tables to verdicts: intervals, statistics of the claims, speed-ups."""
