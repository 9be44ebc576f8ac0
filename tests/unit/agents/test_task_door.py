"""Tasks by name and by path; a run depends on its own alone."""

import subprocess
import sys

import pytest

from mbmf.agents import AGENTS, get_agent, task_source, title_of
from mbmf.base.errors import InputError
from mbmf.storage.code_digest import code_digest, module_closure

ROOM = "mbmf.agents.tasks."
TASK = """
from mbmf.agents.gymnasium_agent import GymnasiumAgent

class Mine(GymnasiumAgent):
    def reward(self, next_state, action):
        return next_state[..., 0]

TASK = Mine(
    name="mine", environment="Pendulum-v1", observation_names=("a", "b", "c"), episode_steps=5
)
"""


@pytest.mark.parametrize("step", ["random_data", "model_based", "imitation", "trpo", "divergence"])
def test_steps_depend_on_no_task_and_no_simulator(step):
    closure = module_closure(f"mbmf.steps.{step}")
    assert not [name for name in closure if name.startswith(ROOM)]
    assert not {
        "mbmf.agents.bodies",
        "mbmf.agents.gymnasium_agent",
        "mbmf.agents.drawing",
        "mbmf.agents.environment",
        "mbmf.agents.registration",
    } & set(closure)


@pytest.mark.parametrize("name", AGENTS)
def test_a_task_depends_on_the_simulator_and_on_no_other_task(name):
    closure = module_closure(task_source(name))
    assert [module for module in closure if module.startswith(ROOM)] == [ROOM + name]
    assert {"mbmf.agents.bodies", "mbmf.agents.rewards", "mbmf.agents.physics"} <= set(closure)
    assert "mbmf.agents.drawing" not in closure


def test_asking_for_one_imports_no_other():
    """Apart from the registration with gymnasium, which a plain `import mbmf` does."""
    code = (
        "import sys, types\n"
        "sys.modules['mbmf.agents.registration'] = types.ModuleType('none')\n"
        "import mbmf.agents\n"
        "mbmf.agents.get_agent('ant')\n"
        f"print([name for name in sys.modules if name.startswith({ROOM!r})])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"['{ROOM}ant']"


def test_a_path_is_a_task_too(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(TASK)
    spec = get_agent(str(path), name="my_pendulum")
    assert spec.name == "my_pendulum"
    assert spec.source == task_source(str(path)) == str(path)
    other = tmp_path / "other.py"
    other.write_text(TASK.replace("[..., 0]", "[..., 1]"))
    assert code_digest(spec.source) != code_digest(get_agent(str(other)).source)


def test_titles():
    """A shipped one's own; of others the name with a capital and spaces."""
    assert title_of("half_cheetah") == "Half-cheetah"
    assert title_of("no_such_agent") == "No such agent"
    assert get_agent("swimmer", name="slow_swimmer").title == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "defines no TASK"),
        ("TASK = 3\n", "TASK should be an AgentSpec, is int"),
        ("import no_module_of_this_name\n", "ModuleNotFoundError"),
        (TASK.replace("def reward", "def other"), "abstract"),
    ],
)
def test_files_that_are_no_task_are_refused(tmp_path, content, message):
    path = tmp_path / "task.py"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        get_agent(str(path))


@pytest.mark.parametrize("name", ["no such task", "no_such_file.py", "spec", ""])
def test_what_is_not_there_is_refused(name):
    for function in (get_agent, task_source):
        with pytest.raises(InputError, match="task"):
            function(name)
