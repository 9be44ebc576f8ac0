"""The command line: every step is there, and wrong input is one line and status 2."""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import torch
from typer.main import get_command
from typer.testing import CliRunner

from mbmf import cli
from mbmf.base.errors import DrawingError, InputError, NonFiniteError, SimulationError
from mbmf.cli.options import device_of
from mbmf.method.trpo import TrpoRunSettings
from mbmf.storage.atomic_files import write_text
from mbmf.storage.code_digest import code_digest
from mbmf.storage.tables import read_table

CONFIG = Path(__file__).parents[2] / "config"
RANDOM = {"rollouts": 2, "validation_rollouts": 1, "steps": 5}
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


def random_data(**changes):
    options = {"agent": "swimmer", "settings": json.dumps(RANDOM), "seed": 0, "output": "d.st"}
    return ["random-data", *(f"--{key}={value}" for key, value in (options | changes).items())]


def model_based(tiny, **changes):
    options = {
        "agent": "swimmer",
        "settings": tiny.model_dump_json(),
        "seed": 0,
        "random-data": "nowhere.safetensors",
        "output": "run",
        "models": "models",
    }
    return ["model-based", *(f"--{key}={value}" for key, value in (options | changes).items())]


def assert_one_line(answer, tmp_path):
    status, out, err = answer
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())
    return err


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


@pytest.mark.parametrize("command", ["status", "prune"])
@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--scale=nowhere"], "--scale nowhere: there is no file config/nowhere.yaml"),
        (["--scale=../x"], "--scale ../x: there is no file config/../x.yaml"),
        (["--configfile=wrong.yaml"], "wrong.yaml: seeds: Input should be a valid list"),
        (["--configfile=gone.yaml"], "gone.yaml: no such configuration file"),
    ],
)
def test_status_and_prune_of_a_wrong_configuration(mbmf, tmp_path, command, options, line):
    (tmp_path / "config").symlink_to(CONFIG)
    write_text(tmp_path / "wrong.yaml", "seeds: 3")
    status, out, err = mbmf(command, *options)
    assert (status, out) == (2, "")
    assert err.startswith(line)
    assert err.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"config", "wrong.yaml"}


def test_status_without_a_workflow(mbmf, tmp_path):
    (tmp_path / "config").symlink_to(CONFIG)
    status, out, err = mbmf("status", "--scale=smoke")
    assert (status, out) == (2, "")
    assert err.startswith("snakemake: No Snakefile found, tried ")
    assert err.count("\n") == 1
    assert mbmf("status", "--scale=smoke", "--cores=0")[0] == 2


@pytest.mark.parametrize("agent", ["no_such_agent", "Swimmer", "", "../ant", "ant\n"])
def test_wrong_agent(mbmf, tmp_path, agent):
    err = assert_one_line(mbmf(*random_data(agent=agent)), tmp_path)
    assert err.startswith("--agent ")
    assert "ant, half_cheetah, hopper, swimmer" in err


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (json.dumps(RANDOM | {"rolouts": 3}), "rolouts"),
        (json.dumps(RANDOM | {"roll\nouts": 3}), "roll"),
        (json.dumps(RANDOM | {"rollouts": 0}), "rollouts"),
        (json.dumps(RANDOM | {"rollouts": "2"}), "rollouts"),
        (json.dumps(RANDOM | {"steps": True}), "steps"),
        (json.dumps(RANDOM | {"steps": 1.5}), "steps"),
        (json.dumps({"rollouts": 2, "steps": 5}), "validation_rollouts"),
        ("rollouts: 2", "JSON"),
        ("", "JSON"),
        ("[]", "JSON"),
        ("null", "JSON"),
        ("{", "JSON"),
    ],
)
def test_wrong_settings(mbmf, tmp_path, settings, key):
    err = assert_one_line(mbmf(*random_data(settings=settings)), tmp_path)
    assert err.startswith("--settings: ")
    assert key in err.split(": ")[1]


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("planning", "num_samples", 0),
        ("planning", "horizon", -1),
        ("planning", "samples", 5),
        ("dynamics", "on_policy_fraction", 1.5),
        ("aggregation", "iterations", 0),
    ],
)
def test_wrong_settings_of_algorithm_1(mbmf, tmp_path, tiny, section, key, value):
    settings = tiny.model_dump()
    settings[section][key] = value
    err = assert_one_line(mbmf(*model_based(tiny, settings=json.dumps(settings))), tmp_path)
    assert err.startswith(f"--settings: {section}.{key}: ")


def test_several_wrong_settings_are_a_line_each(mbmf):
    status, out, err = mbmf(*random_data(settings=json.dumps(RANDOM | {"steps": 0, "rollouts": 0})))
    assert (status, out) == (2, "")
    assert [line.split(": ")[1] for line in err.splitlines()] == ["rollouts", "steps"]


def test_missing_random_data(mbmf, tmp_path, tiny):
    err = assert_one_line(mbmf(*model_based(tiny)), tmp_path)
    assert err.startswith("nowhere.safetensors: ")


def test_damaged_random_data(mbmf, tmp_path, tiny):
    write_text(tmp_path / "damaged.safetensors", "not tensors at all")
    status, _, err = mbmf(*model_based(tiny, **{"random-data": "damaged.safetensors"}))
    assert status == 2
    assert err.startswith("damaged.safetensors: ")
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["damaged.safetensors"]


@pytest.mark.parametrize("device", ["abacus", "cuda:99", "cpu:x", ""])
def test_unknown_device(mbmf, tmp_path, tiny, device):
    err = assert_one_line(mbmf(*model_based(tiny, device=device)), tmp_path)
    assert err.startswith(f"--device {device}: ")


def test_products_on_a_gpu_are_float32_whatever_the_environment_says(monkeypatch):
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", True)
    assert device_of("cpu") == "cpu"
    assert not torch.backends.cuda.matmul.allow_tf32


def test_missing_models_of_divergence(mbmf, tmp_path):
    options = {"agent": "swimmer", "models": "m", "random-data": "d", "seed": 0, "steps": 2}
    options |= {"settings": json.dumps(RANDOM), "starts": 2, "errors": "e", "trajectory": "t"}
    answer = mbmf("divergence", *(f"--{key}={value}" for key, value in options.items()))
    assert assert_one_line(answer, tmp_path).startswith("m")


DYNA = {
    "runs": 2,
    "discount": 0.95,
    "exploration": 0.1,
    "figure_8_2": {
        "episodes": 3,
        "step_size": 0.1,
        "planning_steps": [0, 1],
        "sweeping": {"step_size": 1.0, "planning_steps": 1, "threshold": 1e-4},
    },
    "figure_8_4": {
        "steps": 40, "change": 20, "step_size": 1.0, "planning_steps": 1, "bonus": 1e-3
    },
    "figure_8_5": {
        "steps": 60, "change": 30, "step_size": 1.0, "planning_steps": 1, "bonus": 1e-3
    },
}  # fmt: skip


def dyna(settings):
    outputs = ["--episodes=e.csv", "--rewards=r.parquet", "--provenance=p.json"]
    return ["dyna", f"--settings={json.dumps(settings)}", *outputs]


def test_dyna(mbmf, tmp_path):
    status, out, err = mbmf(*dyna(DYNA))
    assert (status, err) == (0, "")
    assert re.fullmatch(r"e\.csv: 2 runs .* s\nr\.parquet: 2 runs .* s\n", out)
    assert {path.name for path in tmp_path.iterdir()} == {"e.csv", "r.parquet", "p.json"}
    assert len(read_table(tmp_path / "e.csv")) == 4 * 2 * 3
    made = json.loads((tmp_path / "p.json").read_text())
    assert made["settings"] == DYNA
    assert made["code"] == code_digest("mbmf.steps.dyna")
    assert made["versions"]["numba"] == version("numba")
    assert set(made["seconds"][0]) == {"steps_per_episode", "cumulative_rewards"}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"runs": 0}, "runs"),
        ({"discount": 1.5}, "discount"),
        ({"figure_8_4": DYNA["figure_8_4"] | {"change": 40}}, "figure_8_4"),
        ({"figure_8_4": DYNA["figure_8_4"] | {"kappa": 1.0}}, "figure_8_4.kappa"),
    ],
)
def test_wrong_settings_of_dyna(mbmf, tmp_path, change, key):
    err = assert_one_line(mbmf(*dyna(DYNA | change)), tmp_path)
    assert err.startswith(f"--settings: {key}: ")


TRPO = TrpoRunSettings.model_validate(
    {
        "policy": {"hidden_layers": [4], "absolute_position": True},
        "trpo": {
            "iterations": 1, "batch_size": 10, "bodies": 2, "episode_steps": 5, "kl": 0.05,
            "initial_std": 1.0, "discount": 0.99, "gae_lambda": 1.0,
            "conjugate_gradient_steps": 3, "damping": 1e-5,
        },
    }
)  # fmt: skip


def trpo(*more):
    options = {"agent": "swimmer", "settings": TRPO.model_dump_json(), "seed": 0}
    options |= {"output": "run", "policy": "policy.safetensors"}
    return ["trpo", *(f"--{key}={value}" for key, value in options.items()), *more]


def test_trpo_starts_from_no_policy_of_trpos_own(mbmf, tmp_path):
    status, _, err = mbmf(*trpo())
    assert (status, err) == (0, "")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    status, out, err = mbmf(*trpo("--start=policy.safetensors", "--output=other"))
    assert (status, out) == (2, "")
    assert err.startswith("policy.safetensors: a policy of the kind model_free, but TRPO starts")
    assert err.count("\n") == 1
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_simulation_that_diverges_tells_the_iteration(mbmf, monkeypatch):
    def diverge(*_):
        raise SimulationError("a state is beyond reason")

    monkeypatch.setattr("mbmf.agents.bodies.Bodies.step", diverge)
    status, _, err = mbmf(*trpo())
    assert status == 1
    assert err == "TRPO iteration 0 of swimmer, seed 0: a state is beyond reason\n"


def test_missing_table(mbmf, tmp_path):
    err = assert_one_line(mbmf("tabulate", "a.csv", "b.csv", "--output=all.csv"), tmp_path)
    assert err.startswith("a.csv: ")


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


def test_random_data_is_written(mbmf, tmp_path):
    assert mbmf(*random_data(output="deep/data.safetensors")) == (0, "", "")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["data.safetensors"]


def test_tabulate(mbmf, tmp_path):
    for name, row in (("a", "1,0.1"), ("b", "2,0.2")):
        write_text(tmp_path / f"{name}.csv", f"seed,return\n{row}\n")
    assert mbmf("tabulate", "a.csv", "b.csv", "--output=all.csv") == (0, "", "")
    assert (tmp_path / "all.csv").read_text() == "seed,return\n1,0.1\n2,0.2\n"


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


@pytest.mark.parametrize("scale", ["nowhere", "../x", "", "smo\nke"])
def test_claims_of_no_scale(mbmf, tmp_path, scale):
    assert assert_one_line(mbmf("claims", f"--scale={scale}"), tmp_path).startswith("--scale ")


@pytest.mark.parametrize(
    "command", [["pipeline"], ["prune"], ["status"], ["equivalent", "--since=HEAD"]]
)
def test_commands_on_a_checkout_outside_of_one(mbmf, tmp_path, command):
    assert str(tmp_path) in assert_one_line(mbmf(*command), tmp_path)


@pytest.mark.parametrize("command", [["pipeline"], ["prune"], random_data()])
def test_no_command_works_in_the_checkout_of_another_package(mbmf, tmp_path, command):
    package = tmp_path / "src/mbmf"
    write_text(package / "__init__.py", "")
    status, out, err = mbmf(*command)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"{package}: is not the package that runs, which is ")


@pytest.mark.parametrize(
    ("command", "denied"),
    [
        (["pipeline"], "mbmf.storage.atomic_files.write_text"),
        (["prune", "--scale=smoke", "--delete"], "mbmf.workflow.process_lifetimes.hold_alone"),
    ],
)
def test_a_folder_without_rights_is_one_line(mbmf, tmp_path, monkeypatch, command, denied):
    """The rights themselves mean nothing to root."""

    def deny(*_arguments):
        raise PermissionError(13, "Permission denied", ".dvc.123.yaml")

    (tmp_path / "config").symlink_to(CONFIG)
    (tmp_path / "results/smoke").mkdir(parents=True)
    folder = CONFIG.parent if command == ["pipeline"] else tmp_path
    monkeypatch.chdir(folder)
    monkeypatch.setattr(denied, deny)
    assert mbmf(*command) == (
        2, "", f"{folder}: Permission denied; this user needs permission to read and write there\n"
    )  # fmt: skip


def test_where_nothing_has_run_yet(mbmf, tmp_path):
    for name in ("config", "workflow"):
        (tmp_path / name).symlink_to(CONFIG.parent / name)
    status, out, err = mbmf("status", "--scale=smoke")
    assert (status, err) == (0, "")
    assert out.startswith("smoke scale, results/smoke (not there yet: nothing has run), time left")
    assert mbmf("prune", "--scale=smoke") == (
        0, "", "results/smoke: no such folder, so there is nothing to prune\n"
    )  # fmt: skip
    status, out, err = mbmf("claims", "--scale=smoke")
    assert (status, out) == (2, "")
    assert err == ("--scale smoke: there is no folder results/smoke here; the workflow makes it\n")
    # Snakemake's own folder apart, for it plans.
    assert {path.name for path in tmp_path.iterdir()} <= {"config", "workflow", ".snakemake"}
