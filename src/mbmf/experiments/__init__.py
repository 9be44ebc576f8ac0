"""What runs, and for which figure."""
