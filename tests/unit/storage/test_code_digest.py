"""Which code a step's digest covers, and what of it."""

import ast

import pytest

from mbmf.storage import code_digest as module
from mbmf.storage.code_digest import code_digest, module_closure, module_file, source_files

SOURCE = '''"""Module."""

# why
SCALE = 2.0


class Scaled:
    """Class."""

    def value(self, x):
        """Method."""
        return SCALE * x


def only_a_docstring():
    """Nothing else."""


async def later():
    """Coroutine."""
    return "text"
'''


def meaning(tmp_path, text):
    path = tmp_path / f"{abs(hash(text))}.py"
    path.write_text(text, encoding="utf-8")
    return module._meaning(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# why", "# because of that"),
        ("# why\n", ""),
        ('"""Module."""', '"""What it is for."""'),
        ('"""Module."""\n', ""),
        ('"""Class."""', '"""Another\n\n    text.\n    """'),
        ('        """Method."""\n', ""),
        ('"""Coroutine."""', "'''Quoted otherwise.'''"),
        ('"""Nothing else."""', "pass"),
        ("return SCALE * x", "return (SCALE\n                * x)"),
        ("SCALE * x\n", "SCALE * x  # scaled\n"),
    ],
)
def test_comments_docstrings_and_layout_mean_nothing(tmp_path, old, new):
    assert old in SOURCE
    assert meaning(tmp_path, SOURCE) == meaning(tmp_path, SOURCE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SCALE = 2.0", "SCALE = 2.5"),
        ("SCALE = 2.0", "SCALE = 2"),
        ("SCALE * x", "x * SCALE"),
        ("SCALE * x", "SCALE + x"),
        ('return "text"', 'return "another"'),
        ("def value", "def worth"),
        ("async def", "def"),
    ],
)
def test_changed_code_means_something_else(tmp_path, old, new):
    assert old in SOURCE
    assert meaning(tmp_path, SOURCE) != meaning(tmp_path, SOURCE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("raise ValueError('no x')", "raise ValueError('x is missing')"),
        ("raise ValueError(f'no {x}')", "raise ValueError(f'{x} is missing')"),
        ("print('done', x)", "print('finished', x)"),
        ("from mbmf.method.dynamics import train", "from mbmf.elsewhere import train"),
        ("from mbmf.one import a, b", "from mbmf.other import b, a"),
        ("from mbmf import trpo", "from mbmf.method import trpo"),
    ],
)
def test_messages_and_names_of_modules_mean_nothing(tmp_path, old, new):
    assert meaning(tmp_path, old) == meaning(tmp_path, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("raise ValueError('no x')", "raise TypeError('no x')"),
        ("raise ValueError(f'no {x}')", "raise ValueError(f'no {y}')"),
        ("print(x)", "print(y)"),
        ("print('a')", "send('a')"),
        ("send('a')", "send('b')"),
        ("from mbmf.method.dynamics import train", "from mbmf.method.dynamics import test"),
        ("from torch import nn", "from numpy import nn"),
    ],
)
def test_what_is_raised_printed_or_imported_counts(tmp_path, old, new):
    assert meaning(tmp_path, old) != meaning(tmp_path, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x = f'{a}'", "x = f'{b}'"),
        ("x = f'{a} m'", "x = f'{a} s'"),
        ("x = f'{a}'", "x = f'{a!r}'"),
        ("x = f'{a}'", "x = f'{a:.2f}'"),
        ("x = f'{a:.2f}'", "x = f'{a:.{digits}f}'"),
        ("x = f'{a}{b}'", "x = f'{a}'"),
    ],
)
def test_what_an_f_string_says_counts(tmp_path, old, new):
    assert meaning(tmp_path, old) != meaning(tmp_path, new)


@pytest.mark.parametrize(
    "text", ["x = f\"{a['b']} {c!r:>{d}}\"", "raise E(f\"{a['b']} is {c:.3g}\")"]
)
def test_every_python_writes_the_same(tmp_path, text):
    """Python 3.12 writes the quotes of an f-string otherwise, so what is digested has none."""
    tree = ast.parse(meaning(tmp_path, text))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]


def test_a_file_outside_of_the_package_counts_with_what_it_imports(tmp_path):
    planner = tmp_path / "planner.py"
    planner.write_text("from mbmf.method import trpo\nfrom mbmf.dyna.mazes import Maze\n", "utf-8")
    found = source_files(str(planner))
    assert planner in found
    assert {module_file("mbmf.method.trpo"), module_file("mbmf.dyna.mazes")} <= set(found)
    before = code_digest("mbmf.steps.dyna", str(planner))
    assert before != code_digest("mbmf.steps.dyna")
    other = tmp_path / "other.py"
    other.write_text(planner.read_text("utf-8") + "X = 1\n", "utf-8")
    assert code_digest("mbmf.steps.dyna", str(other)) != before


def test_a_string_that_is_no_docstring_counts(tmp_path):
    text = 'def f():\n    return """{}"""\n'
    assert meaning(tmp_path, text.format("a")) != meaning(tmp_path, text.format("b"))


def test_digest_of_a_run_covers_the_mathematics_but_not_the_figures():
    closure = module_closure("mbmf.steps.model_based")
    assert closure == sorted(set(closure))
    assert {
        "mbmf.steps.model_based",
        "mbmf.method.algorithm_1",
        "mbmf.method.dynamics",
        "mbmf.method.models.base",
        "mbmf.method.planners.base",
        "mbmf.method.predicted_returns",
        "mbmf.method.rollouts",
        "mbmf.base.random_streams",
        "mbmf.method.random_data",
        "mbmf.agents.spec",
    } <= set(closure)
    assert not [name for name in closure if name.startswith("mbmf.figures")]
    # What is behind a door is covered by its name: a run's own alone.
    assert not {"mbmf.method.planners.random_shooting", "mbmf.method.models.mlp"} & set(closure)
    assert not {
        "mbmf.cli",
        "mbmf.workflow.dvc_stages",
        "mbmf.workflow.configuration",
        "mbmf.experiments.runs",
    } & set(closure)


@pytest.mark.parametrize("module", ["mbmf.figures.figure_6", "mbmf.figures.style"])
def test_figures_do_not_depend_on_what_the_runs_are_made_with(module):
    learned = {
        "mbmf.method.dynamics",
        "mbmf.method.predicted_returns",
        "mbmf.method.algorithm_1",
        "mbmf.steps.model_based",
    }
    assert not learned & set(module_closure(module))


def test_random_data_does_not_depend_on_the_model():
    closure = set(module_closure("mbmf.steps.random_data"))
    assert (
        not {"mbmf.method.dynamics", "mbmf.method.predicted_returns", "mbmf.method.algorithm_1"}
        & closure
    )
    assert "mbmf.method.rollouts" in closure


def test_dyna_and_the_agents_know_nothing_of_each_other():
    closure = set(module_closure("mbmf.steps.dyna"))
    assert {"mbmf.dyna.algorithms", "mbmf.dyna.mazes", "mbmf.dyna.settings"} <= closure
    assert (
        not {"mbmf.base.random_streams", "mbmf.method.predicted_returns", "mbmf.agents", "mbmf"}
        & closure
    )
    learned = module_closure("mbmf.steps.model_based")
    assert not [name for name in learned if name.startswith("mbmf.dyna.")]


@pytest.mark.parametrize("module", ["mbmf.nowhere", "numpy", "", "mbmf."])
def test_unknown_module(module):
    with pytest.raises(ValueError, match="is not a module of mbmf"):
        module_closure(module)


def test_file_of_a_module():
    assert module_file("mbmf.storage.code_digest").samefile(module.__file__)
    with pytest.raises((ValueError, ModuleNotFoundError)):
        module_file("mbmf.nowhere")


def copied(tmp_path, monkeypatch, change=None):
    """Digest of a step over a copy of the sources, one module of it changed."""
    real = module_file

    def elsewhere(name):
        source = real(name).read_text(encoding="utf-8")
        if change and name == change[0]:
            source += change[1]
        path = tmp_path / f"{name}-{abs(hash(source))}.py"
        path.write_text(source, encoding="utf-8")
        return path

    monkeypatch.setattr(module, "module_file", elsewhere)
    digest = code_digest("mbmf.steps.model_based")
    monkeypatch.setattr(module, "module_file", real)
    return digest


@pytest.mark.parametrize(
    ("module", "addition", "same"),
    [
        ("mbmf.method.predicted_returns", "\n# a remark\n", True),
        ("mbmf.method.predicted_returns", "\nFACTOR = 3\n", False),
        ("mbmf.method.dynamics", "\nFACTOR = 3\n", False),
        ("mbmf.agents.spec", "\nFACTOR = 3\n", False),
        ("mbmf.figures.style", "\nFACTOR = 3\n", True),
        ("mbmf.cli", "\nFACTOR = 3\n", True),
    ],
)
def test_digest_follows_the_modules_that_the_step_imports(
    tmp_path, monkeypatch, module, addition, same
):
    before = code_digest("mbmf.steps.model_based")
    assert len(before) == 16
    assert int(before, 16) >= 0
    after = copied(tmp_path, monkeypatch, (module, addition))
    assert (after == before) is same


def test_digest_of_several_modules_is_of_all_of_them():
    one, other = "mbmf.steps.random_data", "mbmf.storage.tables"
    assert code_digest(one, other) == code_digest(other, one)
    assert code_digest(one, other) not in {code_digest(one), code_digest(other)}
    assert code_digest("mbmf.steps.model_based", "mbmf.method.dynamics") == code_digest(
        "mbmf.steps.model_based"
    )
