"""What the benchmarks import from the package is there; `make bench` itself takes too long."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_its_imports_from_the_package_are_there(script):
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mbmf"):
            place = import_module(node.module)
            for alias in node.names:
                if not hasattr(place, alias.name):
                    import_module(f"{node.module}.{alias.name}")
