"""What the code of a step means: a digest over all modules that it imports.

Neither Snakemake nor DVC looks into imported code. The digest goes by the syntax tree
without docstrings, so that only a change which can change results changes it.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import grimp

_PACKAGE = "mbmf"


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(_PACKAGE, cache_dir=None)


def module_closure(module: str) -> list[str]:
    """`module` and every module of the package that it imports, directly or not, sorted.

    Raises:
        ValueError: the package has no such module.
    """
    graph = _graph()
    if module not in graph.modules:
        raise ValueError(f"{module} is not a module of {_PACKAGE}")
    return sorted({module, *graph.find_upstream_modules(module)})


def module_file(module: str) -> Path:
    """Source file of a module of the package."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"{module} has no source file")
    return Path(spec.origin)


def code_digest(*modules: str) -> str:
    """16 hexadecimal digits over the code of `modules` and all that they import."""
    closure = sorted({name for module in modules for name in module_closure(module)})
    digest = hashlib.sha256()
    for name in closure:
        digest.update(f"{name}\n{_meaning(module_file(name))}\n".encode())
    return digest.hexdigest()[:16]


@cache
def _meaning(path: Path) -> str:
    """Source without comments, docstrings and layout."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # Strings that stand alone: docstrings, of attributes too.
            node.body = [line for line in body if not _is_text(line)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
