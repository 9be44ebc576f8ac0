"""What is there for speed alone; results do not depend on it."""
