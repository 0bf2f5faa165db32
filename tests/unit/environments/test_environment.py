"""Tests of the environments and of what a person is told about a wrong file."""

from pathlib import Path

import pytest

from seatrials.environments.environment import Capability, Environment, Limits, Trust, load_environment, read_variables
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


def test_the_project_has_a_mock_that_can_do_everything_but_iam() -> None:
    """The mock of the project's own file has every capability but the policies of IAM, which the twin leaves out."""
    environment = load_environment("mock", PROJECT / "environments.toml", {})

    assert sorted(set(Capability) - {Capability.IAM}) == sorted(environment.capabilities)


def test_versions_are_those_of_a_release(tmp_path: Path) -> None:
    """An environment whose versions can be asked about names the release that they must be."""
    [problem] = problems(tmp_path, MINIMAL + 'capabilities = ["versions"]\n')

    assert "must have release = { hermes = ..., edit = ... }" in problem


def test_the_project_s_mock_has_a_template() -> None:
    """The template of the project's own mock is found from any folder."""
    environment = load_environment("mock", PROJECT / "environments.toml", {})

    assert PROJECT / "stack/webordinary.yaml" == environment.template


def test_names_have_the_contract_s_defaults(tmp_path: Path) -> None:
    """A file that names no resource gets the names of the platform's contract."""
    environment = load(tmp_path, MINIMAL)

    assert environment.names.cluster == "webordinary-edit-cluster"
    assert environment.names.metric == "ActiveSessionCount"
    assert environment.ports.edit_hmr == 4322


def test_an_environment_cannot_be_changed(tmp_path: Path) -> None:
    """An environment is the same from the start of a run to its end."""
    environment = load(tmp_path, MINIMAL)

    with pytest.raises(ValueError, match="frozen"):
        environment.region = "eu-west-1"  # type: ignore[misc]  # what is tried here


def test_a_variable_replaces_a_name(tmp_path: Path) -> None:
    """SEATRIALS_CLUSTER takes the place of names.cluster."""
    environment = load(tmp_path, MINIMAL + '[mock.names]\ncluster = "a"\n', SEATRIALS_CLUSTER="b")

    assert environment.names.cluster == "b"


def test_an_empty_variable_replaces_nothing(tmp_path: Path) -> None:
    """A variable without a value counts as not given."""
    environment = load(tmp_path, MINIMAL, SEATRIALS_CLUSTER="")

    assert environment.names.cluster == "webordinary-edit-cluster"


def test_paths_begin_at_the_file(tmp_path: Path) -> None:
    """A relative path is taken from the folder of the file."""
    environment = load(tmp_path, LIVE + 'trust = { ca_file = "ca.pem" }\n', "staging")

    assert environment.trust.ca_file == tmp_path / "ca.pem"


def test_fingerprints_may_have_colons(tmp_path: Path) -> None:
    """A fingerprint is taken as openssl prints it."""
    environment = load(tmp_path, LIVE + f'trust = {{ sha256 = "{":".join(["AB"] * 32)}" }}\n', "staging")

    assert environment.trust.sha256 == "ab" * 32


def test_capabilities_answer_what_is_allowed(tmp_path: Path) -> None:
    """An environment allows what its file lists and nothing else."""
    environment = load(tmp_path, MINIMAL + 'capabilities = ["exec"]\n')

    assert (True, False) == (environment.allows("exec"), environment.allows("faults.kill"))


def test_unknown_capabilities_are_an_error(tmp_path: Path) -> None:
    """A scenario with a mistyped capability is never quietly left out."""
    environment = load(tmp_path, MINIMAL)

    with pytest.raises(ConfigurationError, match=r"no capability is called 'faults.kil'; did you mean 'faults.kill'\?"):
        environment.allows("faults.kil")


def test_limits_are_found_by_suite() -> None:
    """The limit of a suite is found by the suite's name."""
    assert Limits().seconds("concurrency") == 180


def test_unknown_suites_are_an_error() -> None:
    """A suite without a limit is an error, not a suite without end."""
    with pytest.raises(ConfigurationError, match=r"no suite is called 'zoo'; allowed: cold_start, persistence"):
        Limits().seconds("zoo")


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
        pytest.param('names = { table = "" }', "mock.names.table: must have at least 1 character, not ''", id="empty"),
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


def test_variables_say_which_stack_is_meant(tmp_path: Path) -> None:
    """Account, address, trust and ports may come from the shell, and win over the file."""
    environment = load(
        tmp_path,
        LIVE + f'trust = {{ sha256 = "{"0" * 64}" }}\n',
        "staging",
        SEATRIALS_ACCOUNT_ID="210987654321",
        SEATRIALS_BASE_URL="https://other.example.org",
        SEATRIALS_CA_FILE="/ca.pem",
        SEATRIALS_HTTP_PORT="8080",
    )

    assert (environment.account_id, environment.base_url) == ("210987654321", "https://other.example.org")
    assert (environment.trust, environment.http_port) == (Trust(ca_file=Path("/ca.pem")), 8080)


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


def test_variables_do_not_move_a_mock(tmp_path: Path) -> None:
    """A shell that is set up for a rehearsal runs the mock as ever."""
    environment = load(tmp_path, MINIMAL, SEATRIALS_PACE="20", AWS_ENDPOINT_URL="http://127.0.0.1:5000")

    assert (environment.pace, environment.endpoint_url) == (1, None)


def test_a_stack_s_outputs_may_say_where_it_answers(tmp_path: Path) -> None:
    """An address that the outputs will give is not asked for."""
    text = LIVE.replace('base_url = "https://edit.example.org"', 'outputs_stack = "webordinary"')

    assert load(tmp_path, text, "staging").base_url is None


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


def test_a_real_stack_without_a_scope_is_spared(tmp_path: Path) -> None:
    """A table that does not say which rows run gets those that production allows."""
    assert load(tmp_path, LIVE, "staging").rows == ("live_only", "production")


def test_the_project_s_production_wants_to_be_confirmed() -> None:
    """Production is examined by nobody who has not said so, and holds one session at a time."""
    given = {"SEATRIALS_ACCOUNT_ID": "210987654321", "SEATRIALS_BASE_URL": "https://edit.example.org"}
    environment = load_environment("production", PROJECT / "environments.toml", given)

    assert environment.confirm == "production"
    assert environment.workers_max == 1
    assert not environment.allows("sessions")


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
    with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
        load_environment("mock", tmp_path, {})


def test_variables_are_a_copy() -> None:
    """What is done to the variables that were read does not reach the process."""
    copy = read_variables()
    copy["SEATRIALS_CLUSTER"] = "x"

    assert "SEATRIALS_CLUSTER" not in read_variables()
