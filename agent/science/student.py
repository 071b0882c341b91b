"""Student's distribution: how sure a difference is, and how far to both sides of it 95 percent reach."""

CONFIDENT = 0.95


def student(t: float, freedom: float) -> float:
    """P(|T| < t) of Student's distribution."""
    from scipy.special import stdtr  # what scipy.stats.t is made of, without the second that importing the rest takes

    return float(1.0 - 2.0 * stdtr(freedom, -t))


def quantile(freedom: float) -> float:
    """The t that |T| of Student's distribution stays below with 95 percent."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1.0 + CONFIDENT) / 2.0))
