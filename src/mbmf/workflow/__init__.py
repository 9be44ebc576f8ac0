"""What Snakemake and DVC need: configuration, stages, status, processes."""
