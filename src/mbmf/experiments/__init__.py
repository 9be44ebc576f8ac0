"""Experiments: the runs behind each figure, one file for each experiment."""
