"""The command line as a whole: its steps, help, version and exit status."""

import re
import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from command_lines import assert_one_line, random_data
from mbmf import cli
from mbmf.base.errors import DrawingError, InputError, NonFiniteError, SimulationError

STEPS = [
    "random-data",
    "model-based",
    "divergence",
    "imitation",
    "trpo",
    "dyna",
    "tabulate",
    "speedups",
    "follow",
    "path-clip",
    "play",
    "claims",
    "status",
    "prune",
    "pipeline",
]


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_help_lists_every_step():
    result = CliRunner().invoke(cli.app, ["--help"], prog_name="mbmf")
    assert result.exit_code == 0
    for step in STEPS:
        assert re.search(rf"^\W*{step}\s+\w", plain(result.output), re.MULTILINE), step


@pytest.mark.parametrize("step", STEPS)
def test_each_step_explains_itself(step):
    result = CliRunner().invoke(cli.app, [step, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "Usage" in plain(result.output)


def test_each_option_is_explained():
    for name, command in get_command(cli.app).commands.items():
        for option in command.params:
            assert option.help, (name, option.name)


@pytest.mark.parametrize("step", STEPS)
def test_an_unknown_option_is_wrong_input(mbmf, step):
    status, out, err = mbmf(step, "--nowhere")
    assert (status, out) == (2, "")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere"],
        ["random-data"],
        random_data(seed=-1),
        random_data(seed="one"),
        [*random_data(), "--walk"],
        ["tabulate", "--output=all.csv"],
    ],
)
def test_wrong_usage(mbmf, tmp_path, arguments):
    status, _, err = mbmf(*arguments)
    assert status == 2
    assert err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NonFiniteError("return is nan"), 1),
        (SimulationError("a state is beyond reason"), 1),
        (DrawingError("install libegl1"), 1),
        (OSError(28, "No space left on device"), 1),
        (InputError("wrong"), 2),
    ],
)
def test_status_of_a_failed_step(mbmf, monkeypatch, error, status):
    def fail(*_):
        raise error

    monkeypatch.setattr("mbmf.steps.random_data.write_random_data", fail)
    assert mbmf(*random_data()) == (status, "", f"{error}\n")


def test_installed_command(tmp_path):
    command = [sys.executable, "-m", "mbmf.cli", *random_data(agent="no_such_agent")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert_one_line((done.returncode, done.stdout, done.stderr), tmp_path)


def test_version_is_the_installed_packages(mbmf):
    import mbmf as package

    assert package.__version__ == version("mbmf")
    assert mbmf("--version") == (0, f"mbmf {version('mbmf')}\n", "")


def test_help_does_not_wait_for_torch():
    slow = "{'torch', 'mujoco', 'pandas', 'numba'}"
    check = f"import sys, mbmf.cli; sys.exit(bool({slow} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
