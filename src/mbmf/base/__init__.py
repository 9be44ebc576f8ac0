"""What all other rooms stand on: errors, settings, random streams."""
