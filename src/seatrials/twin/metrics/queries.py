"""Queries for several metrics at once, and for expressions of them, as GetMetricData and alarms ask.

Source: botocore, cloudwatch.MetricDataQuery.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seatrials.twin.metrics.expressions import ExpressionError, Values, compute
from seatrials.twin.metrics.statistics import Samples, UnknownStatisticError, statistic
from seatrials.twin.metrics.store import Metric, values_of

# Gives the samples of a metric, of a unit or of any, in each period of the window that is asked for.
ReadBins = Callable[[Metric, str | None, int], list[list[Samples]]]


class Queries:
    """The queries of one call or of one alarm, answered for one window."""

    def __init__(self, queries: Sequence[Mapping[str, Any]], read: ReadBins, length: Callable[[int], int]) -> None:
        """*length* tells how many of a period's seconds the window holds."""
        self._queries = {str(each["Id"]): each for each in queries}
        self._read = read
        self._length = length
        self._known: dict[str, Values] = {}
        self._asked: list[str] = []

    def values(self, identifier: str) -> Values:
        """Return a query's value in each period; raises `ExpressionError` where there can be none."""
        if identifier not in self._known:
            if identifier not in self._queries:
                msg = f"no query has the identifier {identifier!r}; there are {', '.join(self._queries)}"
                raise ExpressionError(msg)
            if identifier in self._asked:
                msg = f"the expression of {identifier!r} is made of itself"
                raise ExpressionError(msg)
            self._asked.append(identifier)
            self._known[identifier] = self._computed(self._queries[identifier])
            self._asked.pop()
        return self._known[identifier]

    def period(self, identifier: str) -> int:
        """Return the seconds of a query's periods: of an expression, those of the first metric there is."""
        return period_of(self._queries[identifier], self._queries.values())

    def _computed(self, query: Mapping[str, Any]) -> Values:
        if not query.get("MetricStat"):
            metrics = [name for name, each in self._queries.items() if each.get("MetricStat")]
            return compute(str(query["Expression"]), self.values, metrics, self._length(self.period(query["Id"])))
        stat = query["MetricStat"]
        try:
            compute_stat = statistic(str(stat["Stat"]))
        except UnknownStatisticError as error:
            raise ExpressionError(str(error)) from error
        return values_of(self._read(metric_of(query), stat.get("Unit"), int(stat["Period"])), compute_stat)


def metric_of(query: Mapping[str, Any]) -> Metric:
    """Return the metric of a query that has one."""
    metric = query["MetricStat"]["Metric"]
    return Metric.of(str(metric.get("Namespace")), str(metric.get("MetricName")), metric.get("Dimensions"))


def period_of(query: Mapping[str, Any], queries: Any) -> int:  # noqa: ANN401  # any iterable of queries
    """Return the seconds of a query's periods, a minute when none of *queries* says."""
    own = query.get("MetricStat", {}).get("Period") if query.get("MetricStat") else query.get("Period")
    others = [each["MetricStat"]["Period"] for each in queries if each.get("MetricStat")]
    return max(1, int(own or (others[0] if others else 60)))
