"""Digest of the code of a step, over all modules that it imports.

Neither Snakemake nor DVC looks into imported code. The digest is computed from the syntax tree
without docstrings, error messages, printed text and names of modules. So it changes only when a
change of the code can change results, and a module may move.
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
    """`module` and all modules of the package that it imports, directly or indirectly, sorted.

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


def source_files(*modules: str) -> list[Path]:
    """Source files of `modules` and of all modules of the package that they import, sorted.

    Args:
        modules: each is a module of the package, or the path of a Python file outside it.

    Raises:
        ValueError: the package has no such module.
        OSError: a file cannot be read.
    """
    outside = {Path(name) for name in modules if name.endswith(".py")}
    roots = {name for name in modules if not name.endswith(".py")}
    for path in outside:
        roots.update(_imported(ast.parse(path.read_text(encoding="utf-8"))))
    closure = {name for root in roots for name in module_closure(root)}
    return sorted(outside | {module_file(name) for name in closure})


def code_digest(*modules: str) -> str:
    """Digest of the code of `modules` and of all modules that they import, 16 hexadecimal digits.

    Args:
        modules: as for `source_files`.
    """
    digest = hashlib.sha256()
    # The order of the names does not matter, so that a module may move.
    for meaning in sorted(_meaning(path) for path in source_files(*modules)):
        digest.update(f"{meaning}\0".encode())
    return digest.hexdigest()[:16]


def _imported(tree: ast.Module) -> set[str]:
    """Modules of the package that a file imports."""
    known = _graph().modules
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found & known


@cache
def _meaning(path: Path) -> str:
    """Source code without comments, docstrings, layout, messages and names of modules."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # Strings that stand alone are docstrings of modules, classes, functions, attributes.
            node.body = [line for line in body if not _is_text(line)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(_WithoutFStrings().visit(_WithoutMessages().visit(tree)))


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


class _WithoutMessages(ast.NodeTransformer):
    """Removes messages and names of modules, which cannot change a result."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """Keeps the imported names, and removes the name of the package's module."""
        module = node.module or ""
        if module == _PACKAGE or module.startswith(f"{_PACKAGE}."):
            node.module = _PACKAGE
            node.names.sort(key=lambda alias: alias.name)
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Removes the text of an error, and keeps its type and its values."""
        return _wordless(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """Removes the text of a printed line, and keeps its values."""
        called = node.value.func if isinstance(node.value, ast.Call) else None
        if isinstance(called, ast.Name) and called.id == "print":
            return _wordless(node)
        return self.generic_visit(node)


class _WithoutFStrings(ast.NodeTransformer):
    """Writes f-strings as calls and tuples, for Python 3.12 quotes them otherwise than 3.11."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """A call of its parts."""
        parts: list[ast.expr] = [self.visit(one) for one in node.values]
        return ast.Call(ast.Name("f"), parts, [])

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        """A value, its conversion and its format."""
        parts: list[ast.expr] = [self.visit(node.value), ast.Constant(node.conversion)]
        return ast.Tuple(parts + ([self.visit(node.format_spec)] if node.format_spec else []))


def _wordless(node: ast.AST) -> ast.AST:
    changed: ast.AST = _Wordless().visit(node)
    return changed


class _Wordless(ast.NodeTransformer):
    """Removes the text of strings, and keeps the values inside them."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Makes a string empty."""
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """Keeps the values of an f-string."""
        node.values = [
            self.visit(one) for one in node.values if isinstance(one, ast.FormattedValue)
        ]
        return node
