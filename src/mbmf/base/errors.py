"""Errors that a user can fix. The command line prints each in one line."""

from __future__ import annotations


def printable(text: object) -> str:
    """`text` in one line of at most 80 characters."""
    try:
        line = str(text)
    except ValueError:  # Python prints no integer of more than 4300 digits
        return "a number too long to print"
    line = line if line.isprintable() else repr(line)
    return line if len(line) <= 80 else line[:77] + "..."


class InputError(ValueError):
    """Wrong input: a configuration, a data file or an argument. Exit status 2."""


class SimulationError(ArithmeticError):
    """The simulator diverged: a state is not finite or absurdly large, or MuJoCo stopped."""


class NonFiniteError(ArithmeticError):
    """Training or planning met NaN or infinity. Exit status 1."""


class DrawingError(RuntimeError):
    """MuJoCo cannot draw on this machine. Exit status 1."""
