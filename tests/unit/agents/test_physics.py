"""A machine that cannot draw simulates; and whoever draws there is told what is missing."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mbmf
from mbmf.agents.gl_backends import NEEDED, working_backend

# What Python executes first: no GL library is to be found.
HIDDEN = """
import ctypes
_init = ctypes.CDLL.__init__
def init(self, name, *args, **kwargs):
    if any(part in str(name).lower() for part in ("egl", "osmesa", "glfw")):
        raise OSError(f"{name}: hidden by the test")
    _init(self, name, *args, **kwargs)
ctypes.CDLL.__init__ = init
"""
SIMULATE = """
import os
before = dict(os.environ)
import mbmf, gymnasium
from mbmf.agents.bodies import Bodies
assert dict(os.environ) == before, "the environment is another"
env = gymnasium.make("mbmf/Hopper-v0", render_mode="rgb_array")
env.reset(seed=0)
print(env.step(env.action_space.sample())[0].shape)
"""
DRAW = """
try:
    env.render()
except mbmf.base.errors.DrawingError as error:
    print(error)
"""
SETTINGS = json.dumps({"rollouts": 2, "validation_rollouts": 1, "steps": 3})


@pytest.fixture
def python(tmp_path):
    """Run Python with MUJOCO_GL as it is given and, if asked, without any GL library."""
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "sitecustomize.py").write_text(HIDDEN)

    def run(*arguments, gl, hide=True):
        path = [str(tmp_path / "hide")] if hide else []
        path += [os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else []
        names = set(os.environ) - {"MUJOCO_GL", "PYOPENGL_PLATFORM", "PYTHONPATH"}
        return subprocess.run(
            [sys.executable, *arguments],
            env={name: os.environ[name] for name in names}
            | ({} if gl is None else {"MUJOCO_GL": gl})
            | ({"PYTHONPATH": os.pathsep.join(path)} if path else {}),
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("gl", ["egl", "osmesa"])
def test_without_the_library_mujoco_itself_cannot_be_imported(python, gl):
    """What this is all for. Should MuJoCo mend it, `physics` is no longer needed."""
    done = python("-c", "import mujoco", gl=gl)
    assert done.returncode == 1
    assert "AttributeError: 'NoneType' object has no attribute" in done.stderr


@pytest.mark.parametrize("gl", ["egl", "osmesa", "glfw", "disable", "nonsense", "", None])
def test_without_the_library_bodies_move(python, gl):
    done = python("-c", SIMULATE, gl=gl)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(17,)\n"


@pytest.mark.parametrize("gl", ["egl", "osmesa", "disable", "nonsense", None])
def test_without_the_library_drawing_says_in_one_line_what_to_install(python, gl):
    done = python("-c", SIMULATE + DRAW, gl=gl)
    assert done.returncode == 0, done.stderr
    line = done.stdout.splitlines()[1:]
    assert len(line) == 1
    assert line[0].startswith(NEEDED)
    assert f"MUJOCO_GL is {gl or 'unset'}" in line[0]


@pytest.mark.parametrize("arguments", [["--help"], ["random-data", "--help"], ["--version"]])
def test_without_the_library_the_command_line_answers(python, arguments):
    done = python("-m", "mbmf.cli", *arguments, gl="egl")
    assert done.returncode == 0, done.stderr


def test_without_the_library_a_step_that_simulates_does_its_work(python, tmp_path):
    options = ["--agent", "hopper", "--seed", "0", "--settings", SETTINGS, "--output", "data"]
    done = python("-m", "mbmf.cli", "random-data", *options, gl="egl")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data").exists()


@pytest.mark.drawing
def test_where_there_is_a_library_mujoco_draws_as_if_imported_by_itself(python):
    """Whoever draws with MuJoCo on their own beside us finds all of its names."""
    program = """
{}
import mujoco
renderer = mujoco.Renderer(mujoco.MjModel.from_xml_string("<mujoco/>"), 16, 16)
from mujoco.gl_context import GLContext
from mujoco.rendering.classic import renderer as module
print(renderer.render().shape, GLContext is mujoco.GLContext is module.GLContext)
print(GLContext.__module__)
"""
    gl = working_backend()
    answers = [
        python("-c", program.format(line), gl=gl, hide=False)
        for line in ("", "import mbmf.agents.physics", "import mbmf.agents.bodies")
    ]
    assert answers[0].returncode == 0, answers[0].stderr
    assert [answer.stdout for answer in answers] == [answers[0].stdout] * 3
    assert "(16, 16, 3) True" in answers[0].stdout


@pytest.mark.drawing
def test_where_nothing_is_asked_for_a_picture_is_drawn_by_what_works(python):
    """Without a screen MuJoCo's default, GLFW, draws nothing."""
    done = python("-c", SIMULATE + "print(env.render().shape)", gl=None, hide=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(480, 640, 3)"


def test_every_module_takes_mujoco_from_there():
    found = set()
    for path in Path(mbmf.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "mujoco" for name in names):
                found.add(path.name)
    assert not found, "physics imports it by `import_module`"
