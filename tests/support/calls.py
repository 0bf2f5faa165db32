"""Calls of a scenario that a function answers."""

from collections.abc import Callable

import httpx

from seatrials.platform.calls import Calls

Handler = Callable[[httpx.Request], httpx.Response]
MakeCalls = Callable[[Handler], Calls]
