"""What all other packages build on: errors, settings, random streams."""
