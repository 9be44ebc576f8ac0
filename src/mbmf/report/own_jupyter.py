"""Jupyter without what a user has set up for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from mbmf.base.surroundings import settle

# Folders of a user in which Jupyter and IPython look for configuration, start-up files and
# templates, and into which they write.
_FOLDERS = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")


@contextmanager
def own_jupyter() -> Iterator[None]:
    """Give Jupyter, and the kernels that it starts, an empty folder in place of the user's.

    A user's folders may hold other kernels, code that runs in each of them and other templates,
    and this user may have no right to write there.
    """
    before = dict(os.environ)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settle(os.environ)
        os.environ.update(dict.fromkeys(_FOLDERS, folder))
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
