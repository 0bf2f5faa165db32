"""What calls of services that keep data must be allowed: DynamoDB, EFS, S3, Secrets Manager, SSM and CloudWatch Logs.

Source: Service Authorization Reference, the page of each service.
"""

import re
from collections.abc import Iterator

from seatrials.twin.permissions.calls import AskedCall, Keys, Needs, everything, on, rows, tagging
from seatrials.twin.permissions.policies import Need

# What a transaction needs for each of its parts. Source: DynamoDB Developer Guide, "Amazon DynamoDB transactions: how
# it works", IAM for transactions.
_PARTS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


def _table(asked: AskedCall) -> Iterator[str]:
    yield _arn_of_table(asked, asked.text("TableName"))


def _table_or_index(asked: AskedCall) -> Iterator[str]:
    """Yield what a query or scan reads: an index is a resource of its own."""
    index = asked.parameters.get("IndexName")
    table = _arn_of_table(asked, asked.text("TableName"))
    yield table if index is None else f"{table}/index/{index}"


def _tables_of_batch(asked: AskedCall) -> Iterator[str]:
    for name in asked.parameters.get("RequestItems") or ("*",):
        yield _arn_of_table(asked, str(name))


def _parts_of_transaction(asked: AskedCall) -> Iterator[Need]:
    needs = (
        Need(f"dynamodb:{_PARTS[kind]}", _arn_of_table(asked, str(part.get("TableName", "*"))))
        for each in asked.parameters.get("TransactItems", ())
        for kind, part in each.items()
        if kind in _PARTS
    )
    yield from dict.fromkeys(needs)


# What a statement of PartiQL does, and the table or index it is about.
_PARTIQL = re.compile(
    r"""\s*(?P<verb>select|insert|update|delete)\b(?:.*?\b(?:from|into))?\s+"?(?P<table>[\w.-]+)"?(?:\."?(?P<index>[\w.-]+))?""",
    re.IGNORECASE | re.DOTALL,
)


def _statements(asked: AskedCall) -> Iterator[Need]:
    """Yield what statements of PartiQL need, one or many.

    Source: DynamoDB Developer Guide, "IAM security policies with PartiQL for DynamoDB".
    """
    listed = asked.parameters.get("Statements") or asked.parameters.get("TransactStatements") or [asked.parameters]
    for each in listed:
        found = _PARTIQL.match(str(each.get("Statement", "")))
        if found is None:
            yield from on(everything)(asked)
        else:
            arn = _arn_of_table(asked, found["table"])
            resource = arn if found["index"] is None else f"{arn}/index/{found['index']}"
            yield Need(f"dynamodb:PartiQL{found['verb'].capitalize()}", resource)


def _arn_of_table(asked: AskedCall, name: str) -> str:
    return asked.arn(name if name.startswith("arn:") else f"table/{name}")


DYNAMODB = rows(
    ("Query Scan", on(_table_or_index)),
    ("BatchGetItem BatchWriteItem", on(_tables_of_batch)),
    ("TransactWriteItems TransactGetItems", _parts_of_transaction),
    ("BatchExecuteStatement ExecuteStatement ExecuteTransaction", _statements),
    ("ListTagsOfResource TagResource UntagResource", on(lambda asked: (asked.text("ResourceArn"),))),
    (
        (
            "CreateTable DeleteItem DeleteTable DescribeContinuousBackups DescribeTable "
            "DescribeTimeToLive GetItem PutItem UpdateContinuousBackups UpdateItem UpdateTable UpdateTimeToLive"
        ),
        on(_table),
    ),
    ("ListTables DescribeLimits DescribeEndpoints", on(everything)),
)


def _file_system(asked: AskedCall) -> Iterator[str]:
    name = asked.text("FileSystemId")
    yield asked.arn(name if name.startswith("arn:") else f"file-system/{name}")


def _access_point(asked: AskedCall) -> Iterator[str]:
    point = asked.parameters.get("AccessPointId")
    yield from _file_system(asked) if point is None else (asked.arn(f"access-point/{point}"),)


def _new_access_point(asked: AskedCall) -> Iterator[str]:
    yield asked.arn("access-point/*")


def _tagged(asked: AskedCall) -> Iterator[str]:
    name = asked.text("ResourceId")
    kind = "access-point" if name.startswith("fsap-") else "file-system"
    yield asked.arn(name if name.startswith("arn:") else f"{kind}/{name}")


EFS = rows(
    ("ListTagsForResource TagResource UntagResource", on(_tagged)),
    ("CreateAccessPoint", tagging(on(_file_system), "TagResource", _new_access_point)),
    ("DescribeAccessPoints DeleteAccessPoint", on(_access_point)),
    (
        (
            "CreateMountTarget DeleteFileSystem DeleteFileSystemPolicy DescribeBackupPolicy DescribeFileSystemPolicy "
            "DescribeFileSystems DescribeLifecycleConfiguration DescribeMountTargetSecurityGroups "
            "DescribeMountTargets PutBackupPolicy "
            "PutFileSystemPolicy PutLifecycleConfiguration UpdateFileSystem"
        ),
        on(_file_system),
    ),
)


def _object(asked: AskedCall) -> Iterator[str]:
    yield f"arn:{asked.place.partition}:s3:::{asked.text('Bucket')}/{asked.text('Key')}"


def _bucket(asked: AskedCall) -> Iterator[str]:
    yield f"arn:{asked.place.partition}:s3:::{asked.text('Bucket')}"


def _objects_of_bucket(asked: AskedCall) -> Iterator[str]:
    yield f"arn:{asked.place.partition}:s3:::{asked.text('Bucket')}/*"


def _copy(asked: AskedCall) -> Iterator[Need]:
    """Yield what a copy needs: to read the one and to write the other. Source: S3 API Reference, CopyObject."""
    source = asked.parameters.get("CopySource", "*")
    name = f"{source['Bucket']}/{source['Key']}" if isinstance(source, dict) else str(source).lstrip("/")
    yield Need("s3:GetObject", f"arn:{asked.place.partition}:s3:::{name}")
    yield from on(_object, "PutObject")(asked)


def _get_object(asked: AskedCall) -> Iterator[Need]:
    """Yield what reading an object needs, of which a version is a thing of its own."""
    yield from on(_object, "GetObjectVersion" if "VersionId" in asked.parameters else "GetObject")(asked)


def _put_object(asked: AskedCall) -> Iterator[Need]:
    """Yield what writing an object needs, and locking it at once."""
    yield from on(_object, "PutObject")(asked)
    if "ObjectLockMode" in asked.parameters:
        yield from on(_object, "PutObjectRetention")(asked)


def _prefix(asked: AskedCall) -> Keys:
    """Return the key of which objects are listed; without it all are."""
    return {"s3:prefix": (asked.text("Prefix"),)} if "Prefix" in asked.parameters else {}


# Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
S3 = rows(
    ("CopyObject", _copy),
    ("DeleteObjects", on(_objects_of_bucket, "DeleteObject")),
    ("ListObjectVersions", on(_bucket, "ListBucketVersions", keys=_prefix)),
    ("GetObjectLockConfiguration", on(_bucket, "GetBucketObjectLockConfiguration")),
    ("ListMultipartUploads", on(_bucket, "ListBucketMultipartUploads")),
    ("ListParts", on(_object, "ListMultipartUploadParts")),
    ("AbortMultipartUpload GetObjectTagging PutObjectTagging", on(_object)),
    ("GetObject HeadObject", _get_object),
    ("PutObject", _put_object),
    ("CreateMultipartUpload UploadPart CompleteMultipartUpload", on(_object, "PutObject")),
    ("DeleteObject", on(_object)),
    ("ListObjects ListObjectsV2 HeadBucket", on(_bucket, "ListBucket", keys=_prefix)),
    ("CreateBucket DeleteBucket GetBucketLocation GetBucketPolicy PutBucketPolicy", on(_bucket)),
    ("ListBuckets", on(everything, "ListAllMyBuckets")),
)


def _secret(asked: AskedCall) -> Iterator[str]:
    """Yield a secret's ARN; to its name AWS adds six characters that the caller need not know."""
    name = asked.text("SecretId", asked.text("Name"))
    yield asked.arn(name if name.startswith("arn:") else f"secret:{name}-??????")


SECRETS = rows(
    (
        "CreateSecret DeleteSecret DescribeSecret GetSecretValue PutSecretValue RestoreSecret UpdateSecret",
        on(_secret),
    ),
    ("ListSecrets GetRandomPassword", on(everything)),
)


def _parameters(asked: AskedCall) -> Iterator[str]:
    names = asked.texts("Names") if "Names" in asked.parameters else [asked.text("Name", asked.text("Path"))]
    for name in names:
        yield asked.arn(name if name.startswith("arn:") else f"parameter/{name.lstrip('/')}")


SSM = rows(
    (
        (
            "DeleteParameter DeleteParameters GetParameter GetParameterHistory GetParameters GetParametersByPath "
            "PutParameter"
        ),
        on(_parameters),
    ),
    ("DescribeParameters", on(everything)),
)


def _log_group(asked: AskedCall) -> Iterator[str]:
    name = asked.text("logGroupName", asked.text("logGroupNamePrefix", ""))
    yield asked.arn(f"log-group:{name}:*" if name else "log-group:*")


def _log_stream(asked: AskedCall) -> Iterator[str]:
    yield asked.arn(f"log-group:{asked.text('logGroupName')}:log-stream:{asked.text('logStreamName')}")


LOGS = rows(
    ("CreateLogStream DeleteLogStream GetLogEvents PutLogEvents", on(_log_stream)),
    (
        (
            "CreateLogGroup DeleteLogGroup DescribeLogGroups DescribeLogStreams FilterLogEvents PutRetentionPolicy "
            "DeleteRetentionPolicy"
        ),
        on(_log_group),
    ),
)

STORES: dict[str, dict[str, Needs]] = {
    "dynamodb": DYNAMODB,
    "efs": EFS,
    "s3": S3,
    "secretsmanager": SECRETS,
    "ssm": SSM,
    "logs": LOGS,
}
