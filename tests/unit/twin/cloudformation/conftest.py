"""What the tests of CloudFormation share."""

from collections.abc import Iterator

import pytest

from tests.support.account import mock_account
from tests.support.aws import Clients


@pytest.fixture
def aws() -> Iterator[Clients]:
    """An empty mock account."""
    with mock_account() as clients:
        yield clients
