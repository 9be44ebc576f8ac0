"""Clips of gaits: the body drawn is the body simulated."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from mbmf.agents import AGENTS, get_agent
from mbmf.agents.bodies import Bodies, build_model
from mbmf.clips import gait
from mbmf.method.random_data import RandomDataSettings, generate

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("agent", AGENTS)
def test_positions_are_the_simulators(agent):
    """Against one body stepped on, at the environment's steps and between them."""
    spec = get_agent(agent)
    data = RandomDataSettings(rollouts=1, validation_rollouts=1, steps=12)
    rollout = generate(spec, data, 3).training
    steps = int(rollout.lengths[0])
    shown = gait.positions(spec, build_model(spec), rollout, spec.timestep)
    assert len(shown) == steps * spec.frame_skip
    bodies = Bodies(spec, 1)
    bodies.reset([0], [np.random.default_rng(0)])
    sim_state = bodies.get_sim_state()
    # The true start, with the root's x that the hopper's state leaves out.
    sim_state[0, 1 : 1 + bodies.model.nq] = shown[0]
    nv = bodies.model.nv
    first = rollout.states[0, 0, : spec.layout["com"].start]
    sim_state[0, 1 + bodies.model.nq : 1 + bodies.model.nq + nv] = first[-nv:]
    bodies.set_sim_state(sim_state)
    for step in range(steps - 1):
        bodies.step(rollout.actions[:, step])
        true = bodies.get_sim_state()[0, 1 : 1 + bodies.model.nq]
        np.testing.assert_allclose(shown[(step + 1) * spec.frame_skip], true, atol=1e-9)
    bodies.close()


@pytest.mark.parametrize("agent", AGENTS)
def test_frames_are_whole_simulator_steps(agent):
    steps = get_agent(agent).view.speed / gait.FRAMES_PER_SECOND / get_agent(agent).timestep
    assert steps == pytest.approx(round(steps), abs=1e-9)


def test_two_rollouts_are_refused():
    spec = get_agent("hopper")
    data = RandomDataSettings(rollouts=2, validation_rollouts=1, steps=3)
    with pytest.raises(ValueError, match="rollout should hold one rollout, holds 2"):
        gait.positions(spec, build_model(spec), generate(spec, data, 0).training, 0.01)


@pytest.mark.drawing
def test_a_clip_shows_rollouts_side_by_side():
    """A short one stays on its last picture; the same motion gives the same pictures."""
    lengths = {"one": 12, "same": 12, "short": 6}
    shown = {}
    for name, steps in lengths.items():
        data = RandomDataSettings(rollouts=1, validation_rollouts=1, steps=steps)
        shown[name] = generate(get_agent("half_cheetah"), data, 3).training
    frames = gait.clip(get_agent("half_cheetah"), shown)
    width, height = gait.PANEL
    assert len(frames) == 2  # at 0 and at 0.08 s of 0.12 s
    assert all(frame.size == (2 * width + 4, 2 * height + 4) for frame in frames)
    body = [np.asarray(frame)[21:height] for frame in frames]
    np.testing.assert_array_equal(body[0][:, :width], body[0][:, width + 4 :])
    assert (body[0][:, :width] != body[1][:, :width]).any()
    last = [np.asarray(frame)[height + 4 :, :width] for frame in frames]
    np.testing.assert_array_equal(last[0], last[1])


def read(content):
    return Image.open(BytesIO(content))


def test_a_clip_moves_and_goes_on_for_ever():
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    found = read(gait.encoded(frames))
    found.load()
    assert (found.format, found.n_frames, found.info["loop"]) == ("WEBP", 3, 0)
    assert found.info["duration"] == pytest.approx(80)


def test_a_clip_never_takes_more_than_its_bytes(monkeypatch):
    """Noise does not compress: quality is lowered, then frames are left out."""
    frames = [Image.fromarray(RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)) for _ in range(8)]
    best = len(gait.encoded(frames))
    for limit, count in ((best - 1, 8), (best // 6, 4)):
        monkeypatch.setattr(gait, "LARGEST", limit)
        content = gait.encoded(frames)
        assert len(content) <= limit
        assert read(content).n_frames <= count
    assert read(content).n_frames < 8
