"""HTTP requests that nobody wrote: valid, mutated, cut short, one behind another; and the published odd ones."""

from random import Random

from tests.support.desync_cases import CASES, Case

BODIES = {
    b"": b"",
    b"Content-Length: 2\r\n": b"ab",
    b"Transfer-Encoding: chunked\r\n": b"2\r\nab\r\n0\r\n\r\n",
    b"Expect: 100-continue\r\nContent-Length: 2\r\n": b"ab",
}
METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE")
TARGETS = (b"/", b"/a?b=c", b"/%00", b"http://a/b", b"*", b"/" + b"x" * 17_000)
ODD = (b"\0", b"\r", b"\n", b"\r\n", b"\t", b" ", b":", b",", b"\x85", b"\xa0", b"\xff", b"9" * 5_000, b"chunked")


def valid(random: Random) -> bytes:
    """Return a request that may be in order."""
    head, body = random.choice(list(BODIES.items()))
    line = b"%b %b HTTP/1.%d\r\n" % (random.choice(METHODS), random.choice(TARGETS), random.randrange(2))
    connection = random.choice((b"", b"Connection: close\r\n", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"))
    return line + b"Host: shop.example.com\r\n" + connection + head + b"\r\n" + body


def of_a_case(random: Random) -> bytes:
    """Return one of the published cases as it would be sent."""
    case: Case = random.choice(CASES)
    lines = [f"{case.method} {case.target} {case.version}", "Host: a", *(f"{k}: {v}" for k, v in case.fields), "", ""]
    return "\r\n".join(lines).encode("latin-1") + random.choice(list(BODIES.values()))


def mutated(random: Random, data: bytes) -> bytes:
    """Return *data* with a few bytes put in, taken out or changed."""
    changed = bytearray(data)
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(changed) + 1)
        changed[at : at + random.randrange(3)] = random.choice((random.randbytes(1), random.choice(ODD)))
    return bytes(changed)


def generated(random: Random) -> bytes:
    """Return one client's bytes."""
    data = random.choice((valid, of_a_case))(random)
    kind = random.randrange(4)
    if kind == 1:
        return mutated(random, data)
    if kind == 2:
        return data[: random.randrange(len(data) + 1)]
    if kind == 3:
        return data + random.choice((valid, of_a_case))(random)
    return data
