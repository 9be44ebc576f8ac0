"""Pages of the report, and the execution of their notebooks."""
