"""The command line of each step: wrong input is one line and status 2."""

import json
import re
from importlib.metadata import version

import pytest
import torch

from command_lines import RANDOM, assert_one_line, random_data
from mbmf.base.errors import SimulationError
from mbmf.cli.options import device_of
from mbmf.method.trpo import TrpoRunSettings
from mbmf.storage.atomic_files import write_text
from mbmf.storage.code_digest import code_digest
from mbmf.storage.tables import read_table


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


def test_random_data_is_written(mbmf, tmp_path):
    assert mbmf(*random_data(output="deep/data.safetensors")) == (0, "", "")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["data.safetensors"]


def test_tabulate(mbmf, tmp_path):
    for name, row in (("a", "1,0.1"), ("b", "2,0.2")):
        write_text(tmp_path / f"{name}.csv", f"seed,return\n{row}\n")
    assert mbmf("tabulate", "a.csv", "b.csv", "--output=all.csv") == (0, "", "")
    assert (tmp_path / "all.csv").read_text() == "seed,return\n1,0.1\n2,0.2\n"
