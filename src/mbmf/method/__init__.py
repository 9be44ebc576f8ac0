"""The paper's method, a file for each part."""
