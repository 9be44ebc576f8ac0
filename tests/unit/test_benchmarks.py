"""What the benchmarks import from the package is there; `make bench` itself takes too long.

The margin that docs/performance.md gives for plans that are screened is what it says.
"""

import ast
import runpy
from importlib import import_module
from pathlib import Path

import pytest
import torch

from mbmf.method.screening import best_of_screened

SCRIPTS = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_its_imports_from_the_package_are_there(script):
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mbmf"):
            place = import_module(node.module)
            for alias in node.names:
                if not hasattr(place, alias.name):
                    import_module(f"{node.module}.{alias.name}")


@pytest.mark.parametrize("seed", range(20))
def test_another_sequence_wins_once_the_errors_have_grown_by_more_than_the_margin(seed):
    stream = torch.Generator().manual_seed(seed)
    screened = torch.randn(1, 400, generator=stream)
    errors = 0.02 * torch.randn(1, 400, generator=stream)
    far = torch.rand(1, 400, generator=stream)
    margin = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks/screening.py"))["margin"]
    found = margin(screened, far, screened + errors)

    def plan(growth):
        """The return of the sequence that is chosen, and the highest, if other errors grow."""
        exact = screened + growth * errors

        def predicted(bodies, sequences):
            exact[bodies, sequences] = (screened + errors)[bodies, sequences]
            return exact[bodies, sequences]

        _, chosen = best_of_screened(screened, far, predicted)
        return chosen.item(), exact.max().item()

    chosen, highest = plan(0.999 * found)
    assert chosen == highest
    chosen, highest = plan(1.001 * found)
    assert chosen < highest
