"""The declared bodies against the paper's numbers and against MuJoCo's models."""

import subprocess
import sys

import numpy as np
import pytest

from mbmf.agents import AGENTS, get_agent
from mbmf.agents.bodies import build_model

# agent: (dt [s], torques at action 1 [N m], elements of the state, joint positions among them)
PAPER = {
    "swimmer": (0.15, [50] * 2, 16, 5),
    "half_cheetah": (0.01, [120, 90, 60, 120, 60, 30], 24, 9),
    "hopper": (0.02, [200] * 3, 17, 5),
    "ant": (0.02, [150] * 8, 41, 15),
}


@pytest.fixture(params=PAPER)
def name(request):
    return request.param


def test_layout_covers_the_state(name):
    spec = get_agent(name)
    indices = [i for part in spec.layout.values() for i in range(spec.state_dim)[part]]
    assert indices == list(range(spec.state_dim))
    assert len(set(spec.state_names)) == spec.state_dim
    assert spec.state_names[spec.layout["com_velocity"]][0] == "com x velocity [m/s]"
    assert spec.state_names[spec.layout["com"]][2] == "com z [m]"


def test_ant_starts_where_rllab_does():
    spec, model = get_agent("ant"), build_model(get_agent("ant"))
    np.testing.assert_array_equal(spec.start, model.numeric("init_qpos").data)
    limited = model.jnt_limited.astype(bool)
    angles = np.array(spec.start)[model.jnt_qposadr[limited]]
    assert (angles >= model.jnt_range[limited, 0]).all()
    assert (angles <= model.jnt_range[limited, 1]).all()


def test_names_are_gymnasiums():
    assert {name: (spec.env_id, spec.episode_steps) for name, spec in AGENTS.items()} == {
        "swimmer": ("mbmf/Swimmer-v0", 333),
        "half_cheetah": ("mbmf/HalfCheetah-v0", 1000),
        "hopper": ("mbmf/Hopper-v0", 1000),
        "ant": ("mbmf/Ant-v0", 1000),
    }


def test_specs_need_neither_torch_nor_mujoco():
    code = "import sys, mbmf.agents as a; a.get_agent('ant').state_names; list(a.AGENTS)"
    check = "print([m for m in ('torch', 'mujoco') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{check}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
