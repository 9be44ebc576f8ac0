"""Imitation and TRPO as the workflow starts them: killed, resumed, fed wrong files."""

import io
import json

import numpy as np
import pandas as pd
import pytest
import torch

from mbmf.agents import get_agent
from mbmf.base.errors import InputError
from mbmf.experiments.run_code import code_of
from mbmf.experiments.runs import ImitationRun, ModelBasedRun, TrpoRun
from mbmf.method import imitation, trpo
from mbmf.method.imitation import ImitationRunSettings
from mbmf.method.policy import PolicySettings, observed_elements
from mbmf.method.trpo import TrpoRunSettings
from mbmf.steps.imitation import run_imitation
from mbmf.steps.model_based import run_model_based
from mbmf.steps.policy_files import new_policy, read_policy, write_policy
from mbmf.steps.random_data import write_random_data
from mbmf.steps.trpo import run_trpo
from mbmf.storage.code_digest import code_digest
from mbmf.storage.finished_runs import read_provenance
from mbmf.storage.tensor_files import read_tensors, write_tensors

ITERATIONS = 7
SWIMMER = get_agent("swimmer")
POLICY = {"hidden_layers": [8], "absolute_position": True}
TRPO = TrpoRunSettings.model_validate(
    {
        "policy": POLICY,
        "trpo": {
            "iterations": ITERATIONS,
            "batch_size": 60,
            "bodies": 3,
            "episode_steps": 12,
            "initial_std": 0.7,
            "kl": 0.05,
            "discount": 0.99,
            "gae_lambda": 1.0,
            "conjugate_gradient_steps": 10,
            "damping": 1e-5,
            "evaluation_rollouts": 2,
            "evaluation_interval": 3,
        },
    }
)


def changed(**changes):
    """TRPO's settings with others in some places."""
    return TRPO.model_copy(update={"trpo": TRPO.trpo.model_copy(update=changes)})


@pytest.fixture(scope="module")
def models(tmp_path_factory, tiny):
    """Models of a tiny run of Algorithm 1, and the settings to imitate it."""
    folder = tmp_path_factory.mktemp("source")
    write_random_data(SWIMMER, tiny.random_data, 5, folder / "random.safetensors")
    run_model_based(SWIMMER, tiny, 5, folder / "random.safetensors", folder / "runs", folder, "cpu")
    settings = ImitationRunSettings.model_validate(
        {
            "expert": {"planning": tiny.planning.model_dump(), "steps": 12},
            "policy": POLICY,
            "imitation": {
                "expert_rollouts": 2,
                "epochs": 3,
                "learning_rate": 1e-3,
                "batch_size": 16,
                "iterations": 2,
                "rollouts": 1,
                "evaluation_rollouts": 2,
            },
        }
    )
    return folder / "models.safetensors", settings


def imitate(folder, models, agent=SWIMMER, seed=5):
    path, settings = models
    names = ("runs/curve.csv", "expert.safetensors", "model.safetensors", "policy.st")
    outputs = [folder / name for name in names]
    _, expert, model, policy = outputs
    run_imitation(agent, settings, seed, path, expert, model, folder / "runs", policy)
    return [output.read_bytes() for output in outputs]


def learn(folder, start=None, agent=SWIMMER, seed=5, settings=TRPO):
    run_trpo(agent, settings, seed, start, folder / "runs", folder / "policy.st", 1)
    return [(folder / name).read_bytes() for name in ("runs/curve.csv", "policy.st")]


def kill_in_call(monkeypatch, module, number):
    """Interrupt the call with that number of a module's `iterate`."""
    original, calls = module.iterate, []

    def killed(*arguments):
        calls.append(arguments)
        if len(calls) == number:
            raise KeyboardInterrupt
        original(*arguments)

    monkeypatch.setattr(module, "iterate", killed)
    return calls


def test_imitation_killed_and_resumed_ends_in_the_same_bytes(tmp_path, models, monkeypatch):
    undisturbed = imitate(tmp_path / "a", models)
    kill_in_call(monkeypatch, imitation, 2)
    made = []
    original = imitation.expert_rollouts
    monkeypatch.setattr(imitation, "expert_rollouts", lambda *a: made.append(a) or original(*a))
    with pytest.raises(KeyboardInterrupt):
        imitate(tmp_path / "b", models)
    assert imitate(tmp_path / "b", models) == undisturbed
    assert len(made) == 1  # the expert's rollouts were kept
    assert json.loads((tmp_path / "b/runs/provenance.json").read_text())["resumed"]


def test_trpo_killed_and_resumed_ends_in_the_same_bytes(tmp_path, monkeypatch):
    undisturbed = learn(tmp_path / "a")
    calls = kill_in_call(monkeypatch, trpo, ITERATIONS - 1)
    with pytest.raises(KeyboardInterrupt):
        learn(tmp_path / "b")
    assert learn(tmp_path / "b") == undisturbed
    assert len(calls) == ITERATIONS + 1  # the one that was killed again, and no other


def test_measuring_the_mean_action_leaves_training_as_it_is(tmp_path):
    often = changed(evaluation_rollouts=5, evaluation_interval=1)
    (rarely, policy), (frequently, same) = (
        learn(tmp_path / "a"),
        learn(tmp_path / "b", settings=often),
    )
    assert policy == same
    tables = [pd.read_csv(io.BytesIO(content)) for content in (rarely, frequently)]
    assert tables[1]["mean_return"].notna().all()
    pd.testing.assert_frame_equal(*(table.drop(columns="mean_return") for table in tables))


def test_a_rows_mean_return_is_of_the_policy_before_its_update(tmp_path):
    """Iteration 3 acts by the policy that a run of three iterations ends with."""
    learn(tmp_path / "whole")
    learn(tmp_path / "part", settings=changed(iterations=3))
    policy, _ = read_policy(tmp_path / "part/policy.st", SWIMMER, TRPO.policy)
    elements = observed_elements(SWIMMER, TRPO.policy)
    expected = trpo.mean_return(policy, SWIMMER, elements, TRPO.trpo, 5, 3)
    curve = pd.read_csv(tmp_path / "whole/runs/curve.csv")
    assert curve["mean_return"][3] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("key", ["authors_steps", "made_with"])
def test_an_imitation_policy_that_does_not_say_what_it_cost_is_refused(tmp_path, models, key):
    imitate(tmp_path, models)
    path = tmp_path / "policy.st"
    tensors, facts = read_tensors(path)
    write_tensors(path, tensors, {k: v for k, v in facts.items() if k != key})
    with pytest.raises(InputError, match=rf"policy\.st: {key} is missing"):
        learn(tmp_path / "trpo", path)


@pytest.mark.parametrize(
    ("made_with", "message"),
    [
        ({"planner": "nothing", "model": "mlp"}, "unknown planner nothing"),
        ({"planner": "random_shooting"}, "missing 1 required"),
        (3, "argument after"),
    ],
)
def test_an_imitation_policy_made_with_an_unknown_planner_is_refused(
    tmp_path, models, made_with, message
):
    imitate(tmp_path, models)
    path = tmp_path / "policy.st"
    tensors, facts = read_tensors(path)
    write_tensors(path, tensors, facts | {"made_with": made_with})
    with pytest.raises(InputError, match=rf"policy\.st: made_with: .*{message}"):
        learn(tmp_path / "trpo", path)


def test_provenance_tells_the_same_code_as_the_table_of_runs(tmp_path, models, tiny):
    """Records of jobs name the code of the table of runs."""
    path, settings = models
    source = ModelBasedRun("swimmer", tiny, 5)
    imitated = ImitationRun(source, settings)
    imitate(tmp_path, models)
    learn(tmp_path / "mf")
    learn(tmp_path / "mb-mf", tmp_path / "policy.st")
    runs = {
        path.parent / "runs": source,
        tmp_path / "runs": imitated,
        tmp_path / "mf/runs": TrpoRun("swimmer", TRPO, 5, None),
        tmp_path / "mb-mf/runs": TrpoRun("swimmer", TRPO, 5, imitated),
    }
    for folder, run in runs.items():
        assert read_provenance(folder)["code"] == code_digest(*code_of(run))


def test_fine_tuning_starts_where_imitation_ended(tmp_path, models):
    imitate(tmp_path, models)
    learn(tmp_path / "trpo", tmp_path / "policy.st")
    before = pd.read_csv(tmp_path / "runs/curve.csv")
    after = pd.read_csv(tmp_path / "trpo/runs/curve.csv")
    # 4 x 40 random and 9 x 12 MPC steps, those of the expert; then 2 x 12 in each measurement.
    expert = before["env_steps"][0] - (4 * 40 + 9 * 12)
    assert expert in range(24, 240 + 1, 12)  # two rollouts, or more until two earn something
    assert before["env_steps"].diff()[1:].tolist() == [24]
    first = before["env_steps"].iloc[-1] + 24
    assert after["env_steps"].tolist() == [first + 60 * i for i in range(ITERATIONS)]
    # As the authors count: 3 x 40 + 4 x 12 training points, 24 kept, 12 relabelled each time.
    assert before["authors_steps"].tolist() == [204, 216]
    # The batch itself is counted, what only measured is not.
    assert after["authors_steps"].tolist() == [216 + 60 * (i + 1) for i in range(ITERATIONS)]
    assert (before["kind"] == "imitation").all()
    assert (after["kind"] == "fine_tuning").all()
    policy, _ = read_policy(tmp_path / "policy.st", SWIMMER, PolicySettings(**POLICY))
    first, _ = read_policy(tmp_path / "trpo/policy.st", SWIMMER, PolicySettings(**POLICY))
    weights = [found.mean[0].weight.detach().flatten() for found in (policy, first)]
    assert not torch.equal(*weights)
    # Trained on, not drawn anew: two draws would have nothing in common.
    assert torch.corrcoef(torch.stack(weights))[0, 1] > 0.7


def test_model_free_curve_is_tidy(tmp_path):
    learn(tmp_path)
    curve = pd.read_csv(tmp_path / "runs/curve.csv")
    assert curve["env_steps"].tolist() == [60 * i for i in range(ITERATIONS)]
    assert curve["authors_steps"].tolist() == [60 * (i + 1) for i in range(ITERATIONS)]
    assert np.flatnonzero(curve["mean_return"].notna()).tolist() == [0, 3, 6]
    assert (curve["kind"] == "model_free").all()
    assert (curve["rollouts"] == 3).all()  # one whole episode of each body's 20 steps
    assert (curve["kl"] <= 0.05).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"agent": get_agent("hopper")}, "a model of swimmer"), ({"seed": 6}, "seed is 5")],
)
def test_a_source_of_another_run_is_refused(tmp_path, models, changes, message):
    with pytest.raises(InputError, match=rf"models\.safetensors: {message}"):
        imitate(tmp_path, models, **changes)
    assert not list(tmp_path.iterdir())


def test_a_missing_source_is_named(tmp_path, models):
    with pytest.raises(InputError, match=r"nowhere\.st: no such file"):
        imitate(tmp_path, (tmp_path / "nowhere.st", models[1]))
    with pytest.raises(InputError, match=r"nowhere\.st: no such file"):
        learn(tmp_path, tmp_path / "nowhere.st")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"agent": get_agent("hopper")}, "agent is swimmer, but this run needs hopper"),
        ({"seed": 6}, "seed is 5, but this run needs 6"),
        (
            {"settings": TRPO.model_copy(update={"policy": PolicySettings(
                hidden_layers=[8, 8], absolute_position=True
            )})},
            r"policy is .*\[8\].*, but this run needs .*\[8, 8\]",
        ),
    ],
)  # fmt: skip
def test_a_start_policy_of_another_run_is_refused(tmp_path, models, changes, message):
    imitate(tmp_path, models)
    with pytest.raises(InputError, match=message):
        learn(tmp_path / "trpo", tmp_path / "policy.st", **changes)
    assert not (tmp_path / "trpo").exists()


def test_a_policy_file_cut_short_is_refused(tmp_path, models):
    imitate(tmp_path, models)
    path = tmp_path / "policy.st"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"policy\.st: not a whole safetensors file"):
        learn(tmp_path / "trpo", path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t | {"log_std": torch.full((2,), torch.nan)}, "log_std holds values"),
        (lambda t: t | {"log_std": torch.zeros(3)}, "size mismatch"),
        (lambda t: {k: v for k, v in t.items() if k != "log_std"}, "Missing key"),
    ],
)
def test_a_policy_with_wrong_tensors_is_refused(tmp_path, change, message):
    settings = PolicySettings(**POLICY)
    path = tmp_path / "policy.st"
    write_policy(path, new_policy(SWIMMER, settings), SWIMMER, settings, {"seed": 5})
    tensors, facts = read_tensors(path)
    write_tensors(path, change(tensors), facts)
    with pytest.raises(InputError, match=rf"policy\.st: .*{message}"):
        read_policy(path, SWIMMER, settings)
