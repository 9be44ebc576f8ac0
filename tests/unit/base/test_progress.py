"""What long steps print reaches a log as it is; on a terminal a bar shows how far they are."""

import io
import re

import pytest

from mbmf.base import progress
from mbmf.base.errors import NonFiniteError
from mbmf.base.progress import progress_bar

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


def never():
    pytest.fail("a log has no bar, and nothing is asked for it")


def test_a_log_gets_the_lines_and_nothing_else(capsys):
    with progress_bar("Algorithm 1", never):
        step()
    assert capsys.readouterr().out == "".join(f"{line}\n" for line in LINES)


@pytest.mark.parametrize("found", [(2, 5), None])
def test_a_terminal_gets_the_lines_and_a_bar(monkeypatch, found):
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("Algorithm 1", lambda: found):
        step()
    shown = plain(terminal.getvalue())
    for line in LINES:
        assert line in shown
    assert "Algorithm 1" in shown
    assert ("2/5" in shown.split(LINES[-1])[1]) == (found is not None)


def test_the_bar_moves_while_the_step_works(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "INTERVAL", 0.01)
    asked = []

    def iterations():
        asked.append(1)
        return len(asked), 1000

    with progress_bar("TRPO", iterations):
        while len(asked) < 5:
            pass
    assert f"{len(asked)}/1000" in plain(terminal.getvalue())


def test_an_error_passes_and_the_terminal_is_given_back(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    with pytest.raises(NonFiniteError), progress_bar("TRPO", lambda: None):
        raise NonFiniteError
    print("after")
    assert terminal.getvalue().endswith("after\n")
