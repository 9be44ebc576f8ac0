"""Trained agents are read from the files of their runs, and act as what they were."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import mbmf as package
from mbmf.agents import get_agent
from mbmf.base.errors import InputError
from mbmf.method.imitation import ImitationRunSettings
from mbmf.method.policy import PolicySettings
from mbmf.steps.imitation import run_imitation
from mbmf.steps.model_based import run_model_based
from mbmf.steps.policy_files import new_policy, write_policy
from mbmf.steps.random_data import write_random_data
from mbmf.storage.tensor_files import read_tensors

SWIMMER = get_agent("swimmer")
POLICY = {"hidden_layers": [8], "absolute_position": False}
SEED = 5
STATES = np.random.default_rng(0).normal(size=(3, SWIMMER.state_dim))


@pytest.fixture(scope="module")
def made(tmp_path_factory, tiny):
    """A folder with the models of one seed, as the workflow writes them."""
    folder = tmp_path_factory.mktemp("trained")
    write_random_data(SWIMMER, tiny.random_data, SEED, folder / "random.st")
    run_model_based(SWIMMER, tiny, SEED, folder / "random.st", folder / "mb", folder / "mb", "cpu")
    settings = ImitationRunSettings.model_validate(
        {
            "expert": {"planning": tiny.planning.model_dump(), "steps": 12},
            "policy": POLICY,
            "imitation": {
                "expert_rollouts": 2, "epochs": 3, "batch_size": 16, "iterations": 1,
                "rollouts": 1, "evaluation_rollouts": 2,
            },
        }
    )  # fmt: skip
    models = folder / "results/paper/models"
    run = models / "imitation/agent~swimmer/settings~ab/seed~5"
    run_imitation(
        SWIMMER, settings, SEED, folder / "mb/models.safetensors", folder / "rollouts.st",
        run / "expert.safetensors", folder / "run", run / "policy.safetensors",
    )  # fmt: skip
    shape = PolicySettings.model_validate(POLICY)
    for index, start in enumerate(("random", "imitation")):
        drawn = new_policy(SWIMMER, shape, generator=torch.Generator().manual_seed(index))
        path = models / f"trpo/agent~swimmer/start~{start}/settings~cd/seed~5/policy.safetensors"
        write_policy(path, drawn, SWIMMER, shape, {"seed": SEED})
    return folder


def mean_action(path, states):
    """The policy's mean by NumPy alone: one tanh layer, on a state without the body's position."""
    tensors = {name: tensor.numpy() for name, tensor in read_tensors(path)[0].items()}
    seen = np.delete(states, [0, 1, 10, 11], axis=1)  # x, y, com x, com y
    hidden = np.tanh(seen @ tensors["mean.0.weight"].T + tensors["mean.0.bias"])
    return np.clip(hidden @ tensors["mean.2.weight"].T + tensors["mean.2.bias"], -1, 1)


@pytest.mark.parametrize("method", ["imitation", "Mf", "Mb-Mf"])
def test_a_policy_acts_by_its_mean(made, method):
    trained = package.load("swimmer", method, seed=SEED, folder=made)
    actions = trained.act(STATES)
    np.testing.assert_allclose(actions, mean_action(trained.path, STATES), atol=1e-6)
    np.testing.assert_allclose(trained.act(STATES[1]), actions[1], atol=1e-6)


def test_the_policies_are_different_files(made):
    paths = {
        package.load("swimmer", m, SEED, folder=made).path for m in ("imitation", "Mf", "Mb-Mf")
    }
    assert len(paths) == 3


def test_mb_plans_with_the_last_model_of_the_run(made, tiny):
    trained = package.load("swimmer", "Mb", seed=SEED, folder=made)
    planner = trained.controller.planner
    assert planner.settings == tiny.planning
    last = read_tensors(made / "mb/models.safetensors")[0]
    kept = read_tensors(trained.path)[0]
    iteration = tiny.aggregation.iterations - 1
    assert len(kept) == len(last) / tiny.aggregation.iterations
    for name, value in kept.items():
        assert torch.equal(value, last[name.replace("0.", f"{iteration}.", 1)])
    actions = trained.act(STATES)
    assert actions.shape == (3, SWIMMER.action_dim)
    assert (np.abs(actions) <= 1).all()


@pytest.mark.parametrize("method", ["Mb", "Mb-Mf"])
def test_the_seed_gives_the_rollout(made, method):
    trained = package.load("swimmer", method, seed=SEED, folder=made)
    first, again = (trained.rollout(6, seed=3).states for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_a_rollout_is_that_of_the_policy(made):
    """The seed gives its first state, and `act` its actions."""
    trained = package.load("swimmer", "Mb-Mf", seed=SEED, folder=made)
    rollout = trained.rollout(20, seed=3)
    assert rollout.lengths[0] == 20
    np.testing.assert_array_equal(rollout.states, trained.rollout(20, seed=3).states)
    assert (rollout.states[0, 0] != trained.rollout(20, seed=4).states[0, 0]).any()
    for step in range(20):
        action = trained.act(rollout.states[0, step])
        np.testing.assert_allclose(rollout.actions[0, step], action, atol=1e-6)


@pytest.mark.parametrize("shape", [(), (4,), (2, 4), (1, 1, SWIMMER.state_dim)])
def test_states_of_another_shape_are_refused(made, shape):
    trained = package.load("swimmer", "Mf", seed=SEED, folder=made)
    with pytest.raises(ValueError, match=r"states have the shape .* should be \(16,\) or"):
        trained.act(np.zeros(shape))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("swimmer", "TRPO", 5), "TRPO: unknown method; should be one of Mb, imitation, Mf, Mb-Mf"),
        (("swimmer", "Mf", 6), "start~random: no run of Mf with seed 6; here: seeds 5"),
        (("ant", "Mf", 5), "no run of Mf with seed 5; here: none"),
        (("nobody", "Mf", 5), "nobody"),
    ],
)
def test_what_is_not_there_is_told(made, asked, message):
    with pytest.raises(InputError, match=message):
        package.load(*asked, folder=made)


def test_runs_with_several_settings_are_told_apart(made, tmp_path):
    shutil.copytree(made / "results", tmp_path / "results")
    runs = tmp_path / "results/paper/models/trpo/agent~swimmer/start~random"
    shutil.copytree(runs / "settings~cd", runs / "settings~ef")
    with pytest.raises(InputError, match="should be one of cd, ef"):
        package.load("swimmer", "Mf", SEED, folder=tmp_path)
    for wrong in ("zz", "*", "[c"):
        with pytest.raises(
            InputError, match=f"seed 5 and settings {re.escape(wrong)}; here: seeds"
        ):
            package.load("swimmer", "Mf", SEED, folder=tmp_path, settings=wrong)
    chosen = package.load("swimmer", "Mf", SEED, folder=tmp_path, settings="ef")
    assert "settings~ef" in str(chosen.path)


def test_a_model_without_its_planner_is_told(made, tmp_path):
    run = tmp_path / "results/paper/models/imitation/agent~swimmer/settings~ab/seed~5"
    run.mkdir(parents=True)
    shutil.copy(made / "mb/models.safetensors", run / "expert.safetensors")
    with pytest.raises(InputError, match=r"expert.safetensors: expert: "):
        package.load("swimmer", "Mb", SEED, folder=tmp_path)


@pytest.mark.drawing
@pytest.mark.parametrize("display", ["", ":4711"])
def test_play_writes_a_clip_where_no_screen_answers(made, display):
    """In a process of its own, which has not drawn yet."""
    environment = {k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}
    environment["DISPLAY"] = display
    command = ["play", "swimmer", "Mb", "--seed", "5", "--steps", "40"]
    done = subprocess.run(
        [sys.executable, "-m", "mbmf.cli", *command],
        cwd=made, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told, path = done.stdout.splitlines()
    returned = package.load("swimmer", "Mb", SEED, folder=made).rollout(40).returns[0]
    assert told == f"swimmer, Mb: return {returned:.2f} in 40 steps"
    assert path == "swimmer_Mb.webp"
    assert Image.open(made / path).n_frames > 2


def test_play_refuses_another_kind_of_file(made, mbmf, monkeypatch):
    monkeypatch.chdir(made)
    status, _, err = mbmf("play", "swimmer", "Mf", "--seed", "5", "--output", "a.gif")
    assert (status, err) == (2, "--output a.gif: should end in .webp\n")
