"""Tests of the file of the environments, and of what a person is told about a wrong one."""

from pathlib import Path

import pytest

from seatrials.environments.capabilities import Capability
from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment, with_outputs
from seatrials.errors import ConfigurationError
from tests.support.project import PROJECT

MINIMAL = """
[mock]
kind = "mock"
region = "us-west-2"
template = "stack.yaml"
"""
LIVE = """
[staging]
kind = "live"
region = "us-west-2"
account_id = "000000000000"
base_url = "https://edit.example.org"
"""


def write(folder: Path, text: str) -> Path:
    """Write an environments.toml and return its path."""
    path = folder / "environments.toml"
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str, name: str = "mock", **variables: str) -> Environment:
    """Load an environment from a file with *text*."""
    return load_environment(name, write(folder, text), variables)


def problems(folder: Path, text: str, name: str = "mock") -> list[str]:
    """Return the lines that a wrong file is refused with, without the file's name."""
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text, name)
    return [line.removeprefix(f"{folder / 'environments.toml'}: ") for line in str(caught.value).splitlines()]


def test_the_project_has_a_mock_that_can_do_everything() -> None:
    """The mock of the project's own file has every capability."""
    environment = load_environment("mock", PROJECT / "environments.toml", {})

    assert sorted(Capability) == sorted(environment.capabilities)


def test_the_project_s_mock_has_a_template() -> None:
    """The template of the project's own mock is found from any folder."""
    environment = load_environment("mock", PROJECT / "environments.toml", {})

    assert environment.template == PROJECT / "stack/webordinary.yaml"


def test_paths_begin_at_the_file(tmp_path: Path) -> None:
    """A relative path is taken from the folder of the file."""
    environment = load(tmp_path, LIVE + 'trust = { ca_file = "ca.pem" }\n', "staging")

    assert environment.trust.ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('kind = "mok"', "mock.kind: must be 'mock', 'rehearsal' or 'live', not 'mok'", id="choice"),
        pytest.param("region = 3", "mock.region: must be a valid string, not 3", id="type"),
        pytest.param(
            'region = "us-west"', "mock.region: must be an AWS region such as 'us-west-2', not 'us-west'", id="pattern"
        ),
        pytest.param('account_id = "12"', "mock.account_id: must be 12 digits in quotes, not '12'", id="account"),
        pytest.param('templat = "x"', "mock.templat: is not a key; did you mean 'template'?", id="near-key"),
        pytest.param(
            "ports = { x = 1 }",
            "mock.ports.x: is not a key; allowed: https, http, hermes, edit_api, edit_preview, edit_hmr",
            id="far-key",
        ),
        pytest.param("ports = 3", "mock.ports: must be a table, not 3", id="table"),
        pytest.param(
            "ports = { http = 70000 }", "mock.ports.http: must be less than or equal to 65535, not 70000", id="range"
        ),
        pytest.param("limits = { routing = 0 }", "mock.limits.routing: must be greater than 0, not 0", id="limit"),
        pytest.param("limits = { routing = inf }", "mock.limits.routing: must be a finite number, not inf", id="inf"),
        pytest.param(
            'names = { table = "" }',
            "mock.names.table: must be a name, without white space, `*`, `?` and `$`, not ''",
            id="empty",
        ),
        pytest.param(
            'names = { table = "*" }',
            "mock.names.table: must be a name, without white space, `*`, `?` and `$`, not '*'",
            id="any-table",
        ),
        pytest.param(
            'names = { run_metric_namespace = "." }',
            "mock.names.run_metric_namespace: must be a namespace of CloudWatch such as 'Webordinary/EditSessions', "
            "not '.'",
            id="namespace",
        ),
        pytest.param(
            'outputs_stack = "${AWS::StackName}"',
            "mock.outputs_stack: must be the name of a CloudFormation stack, not '${AWS::StackName}'",
            id="stack",
        ),
        pytest.param(
            'role_arn = "arn:aws:iam::123456789012:role/*"',
            "mock.role_arn: must be the ARN of an IAM role, not 'arn:aws:iam::123456789012:role/*'",
            id="any-role",
        ),
        pytest.param('name = "x"', "mock.name: must be left out, for the table is the name, not 'x'", id="name"),
        pytest.param(
            "pace = 2",
            "mock.pace: must be left out, for kind is 'mock' and only a rehearsal has a pace, not 2",
            id="pace",
        ),
        pytest.param(
            'endpoint_url = "http://x"',
            "mock.endpoint_url: must be left out, for kind is 'mock' and only a rehearsal has an endpoint, not 'http://x'",
            id="endpoint",
        ),
        pytest.param(
            'scope = "staging"', "mock.scope: must be mock, for kind is 'mock', not 'staging'", id="scope-of-a-mock"
        ),
        pytest.param('role_arn = "x"', "mock.role_arn: must be the ARN of an IAM role, not 'x'", id="role"),
        pytest.param("budget = { minutes = 0 }", "mock.budget.minutes: must be greater than 0, not 0", id="budget"),
        pytest.param("workers_max = 0", "mock.workers_max: must be greater than or equal to 1, not 0", id="workers"),
        pytest.param(
            f'trust = {{ ca_file = "x", sha256 = "{"0" * 64}" }}',
            "mock.trust: must have ca_file or sha256, not both; with neither, the system's authorities are trusted",
            id="trust",
        ),
    ],
)
def test_a_wrong_key_is_told(tmp_path: Path, text: str, expected: str) -> None:
    """A wrong key is told with its name, the value seen and what is allowed."""
    key = text.partition(" ")[0]
    others = [line for line in MINIMAL.splitlines() if not line.startswith(f"{key} ")]

    assert [expected] == problems(tmp_path, "\n".join([*others, text]))


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """One run tells every problem of every environment of the file."""
    text = '[mock]\nregin = "x"\n[staging]\nkind = "live"\nregion = "us-west-2"\nbase_url = "http://x"\n'

    assert problems(tmp_path, text, "staging") == [
        "mock.kind: is missing",
        "mock.region: is missing",
        "mock.regin: is not a key; did you mean 'region'?",
        "staging.account_id: is missing, and kind 'live' needs it, here or as the variable SEATRIALS_ACCOUNT_ID",
        "staging.base_url: must be https:// and a host, without a path, not 'http://x'",
    ]


def test_another_environment_may_wait_for_its_variables(tmp_path: Path) -> None:
    """What variables may give is asked of the environment that was chosen, and of no other one of the file."""
    text = MINIMAL + '[staging]\nkind = "live"\nregion = "us-west-2"\n'

    assert load(tmp_path, text).name == "mock"


def test_a_rehearsal_comes_from_variables_whole(tmp_path: Path) -> None:
    """What `seatrials twin serve` prints is all that a rehearsal needs beside its table."""
    environment = load_environment(
        "rehearsal",
        PROJECT / "environments.toml",
        {
            "AWS_ENDPOINT_URL": "http://127.0.0.1:5000",
            "SEATRIALS_BASE_URL": "https://127.0.0.1:8443",
            "SEATRIALS_CA_FILE": str(tmp_path / "ca.pem"),
            "SEATRIALS_PACE": "20",
            "SEATRIALS_EPOCH_SECONDS": "1700000000.5",
        },
    )

    assert (environment.endpoint_url, environment.pace) == ("http://127.0.0.1:5000", 20)
    assert environment.epoch_seconds == 1_700_000_000.5


def test_a_number_that_is_none_is_told(tmp_path: Path) -> None:
    """A variable that should be a number is refused with the value seen."""
    with pytest.raises(ConfigurationError, match=r"http_port: must be a valid integer, not 'x'"):
        load(tmp_path, LIVE, "staging", SEATRIALS_HTTP_PORT="x")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("mock", ("mock_only", "staging", "production"), id="mock"),
        pytest.param("staging", ("live_only", "staging", "production"), id="staging"),
        pytest.param("production", ("live_only", "production"), id="production"),
    ],
)
def test_the_scope_says_which_rows_run(name: str, expected: tuple[str, ...]) -> None:
    """The project's own environments run the rows that the catalogue has for them."""
    given = {"SEATRIALS_ACCOUNT_ID": "210987654321", "SEATRIALS_BASE_URL": "https://edit.example.org"}

    assert expected == load_environment(name, PROJECT / "environments.toml", given).rows


def test_the_project_s_production_wants_to_be_confirmed() -> None:
    """Production is examined by nobody who has not said so, and holds one session at a time."""
    given = {"SEATRIALS_ACCOUNT_ID": "210987654321", "SEATRIALS_BASE_URL": "https://edit.example.org"}
    environment = load_environment("production", PROJECT / "environments.toml", given)

    assert (environment.confirm, environment.workers_max, environment.allows("sessions")) == ("production", 1, False)


def test_a_mock_needs_a_template(tmp_path: Path) -> None:
    """A mock without a template is told what it lacks."""
    text = '[mock]\nkind = "mock"\nregion = "us-west-2"\n'

    assert problems(tmp_path, text) == ["mock.template: is missing, and kind 'mock' needs it"]


def test_long_values_are_cut(tmp_path: Path) -> None:
    """A very long value does not hide the problem."""
    (line,) = problems(tmp_path, MINIMAL + f'account_id = "{"9" * 500}"\n')

    assert len(line) < 200


def test_an_unknown_environment_names_the_known_ones(tmp_path: Path) -> None:
    """A mistyped environment is told which ones there are."""
    expected = ["no environment is called 'production'; allowed: mock, staging"]

    assert expected == problems(tmp_path, MINIMAL + LIVE, "production")


def test_malformed_toml_is_told_with_its_line(tmp_path: Path) -> None:
    """A file that is not TOML is told where it stops being so."""
    expected = ["is not TOML: Invalid value (at line 2, column 8)"]

    assert expected == problems(tmp_path, "[mock]\nkind = mock\n")


def test_bytes_that_are_not_utf_8_are_told(tmp_path: Path) -> None:
    """A file in another encoding is told so."""
    path = tmp_path / "environments.toml"
    path.write_bytes(b"[mock]\nkind = '\xe9'\n")

    with pytest.raises(ConfigurationError, match=r"is not UTF-8 \(byte 15\)"):
        load_environment("mock", path, {})


def test_a_missing_file_is_told_where_it_was_looked_for(tmp_path: Path) -> None:
    """A missing file is told with the whole path that was tried."""
    path = tmp_path / "environments.toml"

    with pytest.raises(ConfigurationError, match=str(path)):
        load_environment("mock", path, {})


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    """A path that cannot be read is told with the system's reason."""
    with pytest.raises(ConfigurationError, match="cannot be read \\(Is a directory\\)"):
        load_environment("mock", tmp_path, {})


def deployed(folder: Path) -> Environment:
    """Return an environment that leaves its address to the outputs of a stack."""
    text = LIVE.replace('base_url = "https://edit.example.org"', 'outputs_stack = "webordinary"')
    return load(folder, text + 'names = { table = "mine" }\n', "staging")


def test_outputs_are_the_values_that_nobody_gave(tmp_path: Path) -> None:
    """What was given wins over an output, and what neither has keeps its default."""
    outputs = {"AlbUrl": "https://a.example", "ClusterName": "c", "TableName": "theirs"}
    environment = with_outputs(deployed(tmp_path), outputs)

    assert environment.base_url == "https://a.example"
    assert (environment.names.cluster, environment.names.table) == ("c", "mine")
    assert environment.names.load_balancer == "webordinary-edit-alb"


@pytest.mark.parametrize(
    ("outputs", "problem"),
    [
        ({"ClusterName": "c"}, "the stack webordinary has no output AlbUrl: set `base_url`"),
        ({"AlbUrl": "http://a"}, "outputs of webordinary: staging.base_url: must be https:// and a host"),
    ],
)
def test_wrong_outputs_are_told(tmp_path: Path, outputs: dict[str, str], problem: str) -> None:
    """An address is asked for, and an output is checked as a value of the file is."""
    with pytest.raises(ConfigurationError, match=problem):
        with_outputs(deployed(tmp_path), outputs)
