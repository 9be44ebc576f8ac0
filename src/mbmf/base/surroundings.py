"""What libraries would read from a user's environment, and what of it is not to count."""

from __future__ import annotations

from collections.abc import MutableMapping

# Values that all processes get.
PINNED = {
    # Files are UTF-8, whatever the locale says.
    "PYTHONUTF8": "1",
}
# Variables that no process gets: of Python's start, of how figures are drawn, of the kernels,
# profiles and templates that Jupyter knows, and of the processor that a library computes for.
IGNORED = (
    *("PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONINSPECT", "PYTHONSAFEPATH"),
    *("MATPLOTLIBRC", "MPLBACKEND"),
    *("JUPYTER_PATH", "JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "IPYTHONDIR"),
    *(
        "ATEN_CPU_CAPABILITY",
        "ONEDNN_MAX_CPU_ISA",
        "DNNL_MAX_CPU_ISA",
        "ONEDNN_DEFAULT_FPMATH_MODE",
    ),
    *("MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "OPENBLAS_CORETYPE"),
    *("NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES", "NVIDIA_TF32_OVERRIDE"),
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    *("NUMBA_DISABLE_JIT", "NUMBA_OPT", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"),
)


def settle(environment: MutableMapping[str, str]) -> None:
    """Make an environment the same for all users, in what can change a result or break a step.

    docs/running.md lists what each library reads, and what is done about it.

    Args:
        environment: variables by name, changed in place. Python itself and libraries that are
            loaded have read theirs before: those count for processes that start afterwards.
    """
    for name in IGNORED:
        environment.pop(name, None)
    environment.update(PINNED)
