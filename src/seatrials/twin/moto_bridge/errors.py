"""Errors as the clients of AWS read them: each protocol has a form of its own, and an SDK fails on another's.

Sources: Smithy's specifications of AWS's protocols (smithy.io, "AWS Protocols"); Amazon EC2 API Reference and Amazon S3
API Reference, "Error responses".
"""

import json
from xml.sax.saxutils import escape

from seatrials.seams.http1 import Request, Response

# Services that answer with XML whatever they are asked in.
_BARE_XML = ("s3", "s3-object-lambda", "s3-outposts")
_WRAPPED_XML = ("route53", "cloudfront")
_XML = ("content-type", "text/xml")
_XML_VERSION = '<?xml version="1.0" encoding="UTF-8"?>'
# What XML cannot hold at all.
_NO_XML = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)], "?")


def told(service: str, request: Request, status: int, code: str, message: str) -> Response:
    """Return the error of a call that the name *service* has signed, in the protocol of the call."""
    if request.header("smithy-protocol") == "rpc-v2-cbor":
        body = b"\xa2" + b"".join(map(_cbor_text, ("__type", code, "message", message)))
        return Response(status, body, [("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")])
    is_form = (request.header("content-type") or "").startswith("application/x-www-form-urlencoded")
    if is_form or service in (*_BARE_XML, *_WRAPPED_XML, "ec2"):
        return Response(status, _xml(service, code, message).encode(), [_XML])
    return refusal(status, code, message)


def refusal(status: int, code: str, message: str) -> Response:
    """Return an error as AWS's services with JSON write it, which every SDK can show."""
    body = {"__type": code, "message": message}
    return Response(
        status, json.dumps(body).encode(), [("content-type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)]
    )


def _xml(service: str, code: str, message: str) -> str:
    shown = f"<Code>{code}</Code><Message>{escape(message.translate(_NO_XML))}</Message>"
    if service == "ec2":
        return f"{_XML_VERSION}<Response><Errors><Error>{shown}</Error></Errors><RequestID>0</RequestID></Response>"
    if service in _BARE_XML:
        return f"{_XML_VERSION}<Error>{shown}</Error>"
    error = f"<Error><Type>Sender</Type>{shown}</Error>"
    return f"{_XML_VERSION}<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>"


def _cbor_text(text: str) -> bytes:
    """Return *text* as CBOR has it, with its length in four bytes. Source: RFC 8949, 3.1."""
    encoded = text.encode("utf-8", "replace")
    return b"\x7a" + len(encoded).to_bytes(4, "big") + encoded
