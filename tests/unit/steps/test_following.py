"""Files of trajectory following: the table, and what it was made from."""

import json

from mbmf.agents import get_agent
from mbmf.method.following import FollowingSettings
from mbmf.steps.following import write_following
from mbmf.storage.code_digest import code_digest
from mbmf.storage.tables import read_table

SETTINGS = {
    "random_data": {"rollouts": 2, "validation_rollouts": 1, "steps": 20},
    "dynamics": {
        "hidden_layers": [8], "learning_rate": 0.001, "batch_size": 16, "epochs": 1,
        "on_policy_fraction": 0.0, "noise": 0.01,
    },
    "planning": {"horizon": 2, "num_samples": 5},
    "steps": 3,
}  # fmt: skip


def test_the_same_seed_writes_the_same_table_and_says_what_it_is_of(tmp_path):
    settings = FollowingSettings.model_validate(SETTINGS)
    for agent in ("half_cheetah", "ant"):
        spec, made = get_agent(agent), tmp_path / "provenance.json"
        first, again = (tmp_path / f"{agent}_{name}.parquet" for name in ("first", "again"))
        for output in (first, again):
            write_following(spec, agent, settings, 3, "cpu", output, made)
        assert first.read_bytes() == again.read_bytes()
        table, facts = read_table(first), json.loads(made.read_text())
        assert set(table["agent"]) == {agent}
        assert set(table["seed"]) == {3}
        assert (facts["kind"], facts["paths"], facts["seed"]) == ("following", agent, 3)
        assert facts["settings"]["planning"]["num_samples"] == 5
        assert facts["seconds"][0].keys() == {"learning", "rollouts"}
        # What the workflow asks of the job, or it would be made anew each time.
        own = [f"mbmf.agents.tasks.{agent}", f"mbmf.agents.paths.{agent}"]
        planned = ["mbmf.method.planners.random_shooting", "mbmf.method.models.mlp"]
        assert facts["code"] == code_digest("mbmf.steps.following", *own, *planned)
