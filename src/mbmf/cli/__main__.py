"""`python -m mbmf.cli`."""

from mbmf.cli import main

main()
