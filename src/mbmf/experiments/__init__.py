"""What runs, and for which figure: one file an experiment."""
