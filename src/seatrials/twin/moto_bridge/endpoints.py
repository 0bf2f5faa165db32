"""Under which host of AWS's a call is made, which moto goes by: most often the name that signs it, not always.

Source: the `signingName` and `endpointPrefix` of botocore's service models, for the services that moto has.
"""

from seatrials.seams.http1 import Request

# By the name that signs: the host's first part, where it is another.
_PREFIXES = {
    "iotdata": "data-ats.iot",
    "memorydb": "memory-db",
    "mobiletargeting": "pinpoint",
    "payment-cryptography": "controlplane.payment-cryptography",
    "sagemaker": "api.sagemaker",
    "timestream": "ingest.timestream",
}
# Services of no region, whose hosts name none.
_GLOBAL = ("budgets",)
# By the name that signs, and how the target header or else the path begins: several services sign alike.
_SHARED = (
    ("dynamodb", "DynamoDBStreams_", "streams.dynamodb"),
    ("bedrock", "/model/", "bedrock-runtime"),
    ("bedrock", "/agents", "bedrock-agent"),
    ("bedrock", "/knowledgebases", "bedrock-agent"),
    ("bedrock-agentcore", "/runtimes", "bedrock-agentcore-control"),
    ("sagemaker", "/endpoints/", "runtime.sagemaker"),
    ("sagemaker", "/BatchPutMetrics", "metrics.sagemaker"),
    ("servicecatalog", "/applications", "servicecatalog-appregistry"),
    ("servicecatalog", "/attribute-groups", "servicecatalog-appregistry"),
    ("ses", "/v2/", "email"),
    ("timestream", "Timestream_20181101.Query", "query.timestream"),
    ("timestream", "Timestream_20181101.PrepareQuery", "query.timestream"),
    ("timestream", "Timestream_20181101.CancelQuery", "query.timestream"),
)


def host_of(service: str, region: str, request: Request) -> str:
    """Return the host of a call that *service* has signed."""
    told = request.header("x-amz-target") or request.target
    shared = (prefix for name, begins, prefix in _SHARED if name == service and told.startswith(begins))
    is_stored = service == "mediastore" and request.header("x-amz-target") is None
    prefix = "data.mediastore" if is_stored else next(shared, _PREFIXES.get(service, service))
    return f"{prefix}.amazonaws.com" if service in _GLOBAL else f"{prefix}.{region}.amazonaws.com"
