"""The errors that a user can mend, each told in one line on the command line."""

from __future__ import annotations


class InputError(ValueError):
    """Wrong input: a configuration, a data file or an argument. Exit status 2."""


class NonFiniteError(ArithmeticError):
    """Training or planning met NaN or infinity. Exit status 1."""
