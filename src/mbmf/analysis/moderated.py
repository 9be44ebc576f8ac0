"""Student's intervals with variances that many comparisons of an agent share.

Three seeds give a variance with two degrees of freedom. A sweep has some twenty settings of one
agent, whose paired differences vary alike, if not equally. Empirical Bayes (G. K. Smyth 2004,
"Linear models and empirical Bayes methods for assessing differential expression in microarray
experiments", Statistical Applications in Genetics and Molecular Biology 3, article 3; the
moderated t of the R package limma) estimates from all of them how variances are spread, and
draws each variance towards the common one as far as they are alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, polygamma

from mbmf.analysis.intervals import Array, Estimate, cautious, mean_over_seeds, student_factor

# Fewer variances do not tell how variances are spread.
FEWEST = 3


@dataclass(frozen=True)
class Prior:
    """How the variances of an agent's paired differences are spread: scaled inverse chi-squared.

    Attributes:
        variance: s0², their location.
        df: d0, degrees of freedom; infinite if the variances differ by chance alone.
        pooled: degrees of freedom that all of them have together. More than these no
            moderated variance can have.
    """

    variance: float
    df: float
    pooled: float


def fit_prior(variances: Array, df: Array, contrasts: Array) -> Prior | None:
    """Smyth's d0 and s0² (section 6.2): moments of the logarithms of sample variances.

    Args:
        variances: (differences,) s_g² above 0.
        df: (differences,) d_g, degrees of freedom of each.
        contrasts: (differences, settings), 1 and −1 where a difference has a setting.

    Returns:
        None if there are fewer than FEWEST variances.
    """
    if len(variances) < FEWEST:
        return None
    pooled = pooled_df(contrasts, df)
    # e_g has mean log s0² − ψ(d0/2) + log(d0/2) and variance ψ′(d_g/2) + ψ′(d0/2).
    e = np.log(variances) - digamma(df / 2) + np.log(df / 2)
    spread = float(np.var(e, ddof=1) - polygamma(1, df / 2).mean())
    mean = float(e.mean())
    if spread <= 0:  # as limma has it since: one variance, of which the pooled one is the best
        return Prior(float(np.average(variances, weights=df)), math.inf, pooled)
    prior_df = 2 * trigamma_inverse(spread)
    log_variance = mean + float(digamma(prior_df / 2)) - math.log(prior_df / 2)
    return Prior(math.exp(log_variance), prior_df, pooled)


def trigamma_inverse(value: float) -> float:
    """The y at which ψ′(y) is `value` (Smyth 2004, appendix: Newton's method on 1/ψ′)."""
    y = 0.5 + 1 / value
    for _ in range(100):
        trigamma = float(polygamma(1, y))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, y))
        y += step
        if abs(step) < 1e-10 * y:
            break
    return y


def pooled_df(contrasts: Array, df: Array) -> float:
    """Degrees of freedom of the mean of several differences' variances.

    Differences that share a run vary together: their variances' correlation is the square of
    their own, which is 1/2 where one of two runs is shared. Of variances s_g² with d_g degrees
    of freedom, the mean with weights d_g has (Σ d_g)² / Σ ρ_gh² min(d_g, d_h).

    Args:
        contrasts: (differences, settings), 1 and −1 where a difference has a setting.
        df: (differences,) degrees of freedom of each.
    """
    correlations = contrasts @ contrasts.T / 2
    return float(df.sum() ** 2 / (correlations**2 * np.minimum.outer(df, df)).sum())


def moderated_mean(values: Array, prior: Prior | None) -> Estimate:
    """Mean over seeds with Student's interval from a moderated variance.

    The variance is s̃² = (d0 s0² + d s²) / (d0 + d), with d0 + d degrees of freedom (section 3).
    The interval is a cautious one, for the test takes d0 for known, which it is not from twenty
    variances of two degrees of freedom each.

    Args:
        values: (seeds,), one paired difference a seed.
        prior: of such differences; without one this is `mean_over_seeds`.

    Raises:
        UndecidableError: as for `mean_over_seeds`.
    """
    plain = mean_over_seeds(values)
    if prior is None:
        return plain
    own_df = len(values) - 1
    variance, df = prior.variance, prior.pooled
    if math.isfinite(prior.df):
        own = float(np.var(values, ddof=1))
        variance = (prior.df * prior.variance + own_df * own) / (prior.df + own_df)
        df = min(prior.df + own_df, prior.pooled)
    error = math.sqrt(variance / len(values))

    def interval(level: float) -> tuple[float, float]:
        reach = error * student_factor(level, max(df, own_df))
        return plain.value - reach, plain.value + reach

    return cautious(Estimate(plain.value, len(values), interval))
