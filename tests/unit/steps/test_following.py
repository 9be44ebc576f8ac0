"""Files of trajectory following: the table, and what it was made from."""

import json

import numpy as np
import pytest
from PIL import Image

from mbmf.agents import get_agent
from mbmf.agents.paths.base import get_trajectories
from mbmf.base.errors import InputError
from mbmf.clips import gait
from mbmf.method.following import FollowingSettings
from mbmf.steps.draw_following import write_clip
from mbmf.steps.following import read_followed, write_following
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
        rollouts = tmp_path / "rollouts.safetensors"
        first, again = (tmp_path / f"{agent}_{name}.parquet" for name in ("first", "again"))
        for output in (first, again):
            write_following(spec, agent, settings, 3, "cpu", output, rollouts, made)
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
        # The rollouts themselves, as far as the table goes.
        for one in read_followed(rollouts, spec):
            own = table[table["path"] == one.path]
            position = [spec.element(name) for name in get_trajectories(agent, spec).position]
            places = one.rollout.states[0, :, position].T - one.corners[0].numpy()
            np.testing.assert_allclose(own[["x", "y"]], places, atol=1e-12)


def test_rollouts_of_another_agent_are_refused(tmp_path):
    settings = FollowingSettings.model_validate(SETTINGS)
    files = [tmp_path / name for name in ("table.parquet", "rollouts.st", "provenance.json")]
    write_following(get_agent("ant"), "ant", settings, 3, "cpu", *files)
    with pytest.raises(InputError, match="rollouts of ant, should be of swimmer"):
        read_followed(files[1], get_agent("swimmer"))


@pytest.mark.drawing
def test_a_clip_shows_the_way_points(tmp_path):
    settings = FollowingSettings.model_validate(SETTINGS)
    spec = get_agent("ant")
    files = [tmp_path / name for name in ("table.parquet", "rollouts.st", "provenance.json")]
    write_following(spec, "ant", settings, 3, "cpu", *files)
    write_clip(spec, "ant", files[1], tmp_path / "clip.webp")
    with Image.open(tmp_path / "clip.webp") as clip:
        assert clip.n_frames == settings.steps
        picture = np.asarray(clip.convert("RGB")).astype(int)
    width, height = gait.PANEL
    assert picture.shape == (2 * height + 4, 2 * width + 4, 3)
    red, green, blue = np.moveaxis(picture, 2, 0)
    orange = (red > 120) & (red > 1.5 * green) & (green > blue)
    for rows in (slice(None, height), slice(height + 4, None)):
        for columns in (slice(None, width), slice(width + 4, None)):
            assert orange[rows, columns].sum() > 20
