"""Cases of a slow test: the first runs in `make test`, the others in `make test-all`."""

from collections.abc import Iterable
from typing import Any

import pytest


def first_of(cases: Iterable[Any]) -> list[Any]:
    """The cases, values or tuples of values; all but the first are marked as long."""
    first, *others = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [
        pytest.param(*first),
        *(pytest.param(*case, marks=pytest.mark.long) for case in others),
    ]
