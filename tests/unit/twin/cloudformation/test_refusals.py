"""What AWS refuses of a template is refused, what it takes is taken: the shipped template with one change each."""

from collections import defaultdict
from pathlib import Path

import pytest

from seatrials.environments.variables import cache_folder, read_variables
from seatrials.twin.cloudformation.deployer import deploy, problems_of
from seatrials.twin.cloudformation.intrinsics import Stack
from seatrials.twin.cloudformation.linting import lint
from seatrials.twin.cloudformation.rules import RULES
from tests.support.aws import Clients
from tests.support.refused_changes import REFUSED
from tests.support.taken_changes import TAKEN, TAKEN_TOGETHER
from tests.support.template_changes import Change, changed

_REGION = "us-west-2"
_STACK = Stack(name="webordinary", region=_REGION, account="123456789012")


def _says(lines: list[str], change: Change) -> bool:
    return any(change.named in line and change.says.lower() in line.lower() for line in lines)


def _apart(changes: list[Change]) -> list[list[Change]]:
    """Return *changes* in groups in which none touches what another does, for cfn-lint takes its time."""
    groups: list[list[Change]] = []
    for change in changes:
        for group in groups:
            if not any(_touch(change, other) for other in group):
                group.append(change)
                break
        else:
            groups.append([change])
    return groups


def _touch(change: Change, other: Change) -> bool:
    ours, theirs = change.path.split("."), other.path.split(".")
    shorter = min(len(ours), len(theirs))
    return ours[:shorter] == theirs[:shorter]


def test_what_aws_refuses_is_refused_and_named(aws: Clients) -> None:
    """Of changes that AWS refuses nine in ten are refused, and the message names resource, property and reason."""
    own = {change.path + repr(change.value): problems_of(change.template(), aws, _STACK) for change in REFUSED}
    left = [change for change in REFUSED if not _says(own[change.path + repr(change.value)], change)]
    missed = [
        str(change)
        for group in _apart(left)
        for lines in [[*lint(changed(group), _REGION, None).errors]]
        for change in group
        if not _says(lines, change)
    ]

    assert len(REFUSED) >= 80
    assert len(missed) <= len(REFUSED) // 50, missed


def test_what_aws_takes_is_taken(aws: Clients) -> None:
    """None of the changes that AWS takes is refused, by cfn-lint or by a rule."""
    assert len(TAKEN) >= 40
    for together in TAKEN_TOGETHER:
        template = changed(together)
        assert lint(template, _REGION, None).errors == ()
        assert problems_of(template, aws, _STACK) == []


@pytest.mark.parametrize("together", TAKEN_TOGETHER, ids=["first", "second"])
def test_what_aws_takes_deploys(aws: Clients, together: tuple[Change, ...]) -> None:
    """What AWS takes is made."""
    stack = deploy(changed(together), aws, stack_name=_STACK.name, region=_REGION, account=_STACK.account)

    assert "HermesService" in stack.physical_ids


def test_the_shipped_template_is_without_fault(aws: Clients) -> None:
    """Neither cfn-lint nor a rule has anything against the shipped template."""
    report = lint(changed([]), _REGION, cache_folder(read_variables(), "cfn-lint"))

    assert (report.errors, report.warnings) == ((), ())
    assert problems_of(changed([]), aws, _STACK) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("SessionTable.AttributeDefinitions.2.AttributeName", [{}]),
        ("HermesService.NetworkConfiguration.AwsvpcConfiguration", 1e99),
        ("SubnetA.AvailabilityZone", []),
        ("HermesTaskDefinition.ContainerDefinitions.0.PortMappings.0.ContainerPort", float("nan")),
        ("HermesTaskDefinition.RequiresCompatibilities", 5),
        ("Resources.WorkspaceAccessPoint.Properties", {"Ref": "Nope"}),
        ("Vpc.CidrBlock", {"Fn::GetAtt": 5}),
        ("Vpc.CidrBlock", {"Fn::If": [{}, 1, 2]}),
        ("LoadBalancer.LoadBalancerAttributes.0.Key", [{}]),
        ("Parameters.Count", {"Type": "Number", "Default": 3, "MinValue": "low", "AllowedValues": 3}),
    ],
)
def test_an_odd_value_breaks_no_rule(aws: Clients, path: str, value: object) -> None:
    """Whatever stands where, looking for faults ends with a list of them and never with an error of its own."""
    assert isinstance(problems_of(Change(path, value).template(), aws, _STACK), list)


def test_a_template_is_linted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cfn-lint found is kept by the template, so an edited template is linted again."""
    runs: list[str] = []
    found = [{"id": "E1", "is_error": True, "path": ["Resources", "Vpc", "Properties", "CidrBlock"], "message": "no"}]

    def run(text: str, _: str) -> list[dict[str, object]]:
        runs.append(text)
        return found

    monkeypatch.setattr("seatrials.twin.cloudformation.linting._run", run)
    edited = changed([Change("Vpc.CidrBlock", "10.0.0.0/17")])

    first, second = lint(changed([]), _REGION, tmp_path), lint(changed([]), _REGION, tmp_path)
    third = lint(edited, _REGION, tmp_path)

    assert first == second == third
    assert first.errors == ("Vpc (AWS::EC2::VPC).CidrBlock: no (cfn-lint E1)",)
    assert runs == [changed([]).text, edited.text]


def test_a_place_for_findings_that_is_none_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be kept, or what was kept is broken, a template is linted anew."""
    monkeypatch.setattr("seatrials.twin.cloudformation.linting._run", lambda _text, _region: [])
    (tmp_path / "file").write_text("", encoding="utf-8")

    assert lint(changed([]), _REGION, tmp_path / "file" / "below").errors == ()
    lint(changed([]), _REGION, tmp_path)
    for kept in tmp_path.glob("*.json"):
        kept.write_text("{", encoding="utf-8")
    assert lint(changed([]), _REGION, tmp_path).errors == ()


def test_rules_have_names_of_their_own() -> None:
    """A rule is found by its id among those of its resource type, and says what must hold and who says so."""
    ids: dict[str, list[str]] = defaultdict(list)
    for rule in RULES:
        ids[rule.type].append(rule.id)
        assert rule.sentence.endswith(".")
        assert rule.source
    assert all(len(set(names)) == len(names) for names in ids.values())


def test_a_name_that_nothing_has_is_told_without_all_that_there_are(tmp_path: Path) -> None:
    """A line says which name was meant, and not the hundred names of the template."""
    report = lint(changed([Change("SubnetA.VpcId", {"Ref": "Vcp"})]), _REGION, tmp_path)

    (line,) = [each for each in report.errors if "SubnetA" in each]
    assert "VpcId.Ref: 'Vcp' is not one of the " in line
    assert "that it may be; did you mean 'Vpc'? (cfn-lint E" in line
    assert len(line) < 160


def test_a_condition_that_iam_does_not_have_is_told_without_all_patterns(tmp_path: Path) -> None:
    """A line names the operator that does not exist, and not the regular expressions of all that do."""
    condition = {"ArnEqual": {"ecs:cluster": "*"}}
    where = "HermesTaskRole.Policies.0.PolicyDocument.Statement.2.Condition"
    report = lint(changed([Change(where, condition)]), _REGION, tmp_path)

    (line,) = [each for each in report.errors if "ArnEqual" in each]
    assert ".Condition.ArnEqual: 'ArnEqual' is none of the names that may stand here (cfn-lint E" in line
    assert len(line) < 200
