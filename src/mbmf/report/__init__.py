"""Pages of the report, and the notebooks on them."""
