"""What long steps print reaches a log as it is, and moves a bar on a terminal."""

import io
import re

import pytest

from mbmf.base.errors import NonFiniteError
from mbmf.base.progress import iterations, progress_bar

LINES = [
    "swimmer seed 0: iteration 1/3, 480 steps, return 1.22, [bold]loss[/] 9.8, 9 s left",
    "a/checkpoint.safetensors: going on from there",
    "swimmer seed 0: iteration 2/3, 540 steps, return -0.19, " + "x" * 200,
]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def step():
    for line in LINES:
        print(line, flush=True)


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("ant seed 3: iteration 2/7, 9 steps", (2, 7)),
        ("iteration 1/7\niteration 2/7\nloss is nan", (2, 7)),
        ("ant seed 3: DAgger iteration 0/3, 9 steps", (1, 4)),
        ("ant seed 3: DAgger iteration 3/3, 9 steps", (4, 4)),
        ("reiteration of 3/4", None),
    ],
)
def test_iterations_are_read_from_lines(text, found):
    assert iterations(text) == found


def test_a_log_gets_the_lines_and_nothing_else(capsys):
    with progress_bar("Algorithm 1"):
        step()
    assert capsys.readouterr().out == "".join(f"{line}\n" for line in LINES)


def test_a_terminal_gets_the_lines_and_a_bar(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("Algorithm 1"):
        step()
    shown = plain(terminal.getvalue())
    for line in LINES:
        assert line in shown
    assert "Algorithm 1" in shown
    assert "2/3" in shown.split(LINES[-1])[1]


def test_an_error_passes_and_the_terminal_is_given_back(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    with pytest.raises(NonFiniteError), progress_bar("TRPO"):
        raise NonFiniteError
    print("after")
    assert terminal.getvalue().endswith("after\n")
