"""Each test of a contract runs for all that is behind its module's DOOR, and in examples/."""

import ast
from pathlib import Path

EXAMPLES = Path(__file__).parents[3] / "examples"


def behind(door):
    """Names of all that a door leads to."""
    own = [
        path
        for path in sorted(EXAMPLES.glob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and node.name == door.attribute
    ]
    return [*door.names(), *map(str, own)]


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        names = behind(metafunc.module.DOOR)
        metafunc.parametrize("name", names, ids=[Path(name).stem for name in names])
