"""Loading templates and resolving what stands in them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from seatrials.errors import TemplateError
from seatrials.twin.cloudformation.inputs import Inputs
from seatrials.twin.cloudformation.intrinsics import PENDING, Resolver, Stack
from seatrials.twin.cloudformation.parameters import parameter_values
from seatrials.twin.cloudformation.template import load_template, parse_template
from tests.support.aws import Json

TOPIC = {"Type": "AWS::Logs::LogGroup"}


def resolver(document: Mapping[str, Any] | None = None, **parameters: Json) -> Resolver:
    """Return a resolver over *document*, in whose world every resource is called `id-of-<logical id>`."""
    answers = Resolver(
        template=parse_template({"Resources": {"Topic": TOPIC}, **(document or {})}),
        parameters=parameters,
        stack=Stack(name="sea", region="us-west-2", account="123456789012"),
        imports={"shared-vpc": "vpc-1"},
        zones=lambda region: [f"{region}a", f"{region}b"],
    )
    answers.reference = lambda logical_id, attribute: f"id-of-{logical_id}" + (f".{attribute}" if attribute else "")
    return answers


def write(folder: Path, text: str) -> Path:
    """Return a template file with *text*."""
    path = folder / "template.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_short_forms_become_long_ones(tmp_path: Path) -> None:
    """The document of a YAML template has only the long forms of functions."""
    path = write(
        tmp_path,
        "Resources:\n  A:\n    Type: T\n    Properties: {X: !GetAtt B.Arn, Y: !Sub 'a-${B}', Z: !Ref B}\n",
    )

    properties = load_template(path).document["Resources"]["A"]["Properties"]

    assert properties == {"X": {"Fn::GetAtt": ["B", "Arn"]}, "Y": {"Fn::Sub": "a-${B}"}, "Z": {"Ref": "B"}}


def test_json_is_read_too(tmp_path: Path) -> None:
    """A template may be JSON, indented with tabs."""
    path = write(tmp_path, '{\n\t"Resources": {\n\t\t"A": {"Type": "T"}\n\t}\n}')

    assert load_template(path).resources["A"].type == "T"


def test_an_unquoted_policy_version_stays_text(tmp_path: Path) -> None:
    """A version that YAML takes for a date is the text that was written."""
    path = write(tmp_path, "Resources:\n  A:\n    Type: T\n    Properties:\n      Version: 2012-10-17\n")

    assert load_template(path).resources["A"].properties["Version"] == "2012-10-17"


def test_changing_a_document_does_not_change_the_next_one(tmp_path: Path) -> None:
    """Each load gives a document of its own."""
    path = write(tmp_path, "Resources:\n  A:\n    Type: T\n")
    load_template(path).document["Resources"].clear()

    assert list(load_template(path).document["Resources"]) == ["A"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A template that is not there is an error that names the path."""
    with pytest.raises(TemplateError, match=r"cannot read the template .*absent\.yaml"):
        load_template(tmp_path / "absent.yaml")


@pytest.mark.parametrize("text", ["{", "Resources: [", "a: b: c"])
def test_a_malformed_file_is_named(tmp_path: Path, text: str) -> None:
    """A file that is neither YAML nor JSON is an error that names it."""
    with pytest.raises(TemplateError, match=r"template\.yaml is neither YAML nor JSON"):
        load_template(write(tmp_path, text))


@pytest.mark.parametrize("text", ["", "just text", "- a\n- b\n"])
def test_a_file_that_is_no_template_is_named(tmp_path: Path, text: str) -> None:
    """A file without a mapping in it is an error that says so."""
    with pytest.raises(TemplateError, match=r"template\.yaml: a template is a mapping with Resources"):
        load_template(write(tmp_path, text))


def test_all_faults_of_form_are_reported_at_once() -> None:
    """One error lists every fault of a template's form."""
    document = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"A": {}, "B": {"Type": "T", "Properties": []}, "C": "x", "D": {"Type": "T", "Properties": [1]}},
    }

    with pytest.raises(TemplateError) as raised:
        parse_template(document)

    lines = str(raised.value).splitlines()
    assert len(lines) == 5
    assert "'Transform' is not supported" in lines[1]
    assert "C in Resources must be a mapping" in lines[2]
    assert "A has no Type" in lines[3]
    assert "Properties of resource D must be a mapping" in lines[4]


def test_a_template_without_resources_is_refused() -> None:
    """A template that would deploy nothing is an error."""
    with pytest.raises(TemplateError, match="has no Resources"):
        parse_template({"Resources": {}})


def test_what_the_cdk_writes_about_itself_is_ignored() -> None:
    """The CDK's metadata resource makes nothing."""
    template = parse_template({"Resources": {"CDKMetadata": {"Type": "AWS::CDK::Metadata"}, "A": {"Type": "T"}}})

    assert list(template.resources) == ["A"]


def test_parameters_take_given_values_before_defaults() -> None:
    """A parameter is worth what is given, else its default, as text; a list type gives a list."""
    declared = {
        "Count": {"Type": "Number", "Default": 3},
        "Flag": {"Type": "String", "Default": True},
        "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Name": {"Type": "String", "Default": "old"},
        "Bootstrap": {"Type": "AWS::SSM::Json::Value<String>", "Default": "/cdk-bootstrap/version"},
    }
    template = parse_template({"Parameters": declared, "Resources": {"A": {"Type": "T"}}})

    values, problems = parameter_values(template, Inputs(parameters={"Name": "new"}))

    expected = {
        "Count": "3",
        "Flag": "true",
        "Zones": ["a", "b"],
        "Name": "new",
        "Bootstrap": "/cdk-bootstrap/version",
    }
    assert (values, problems) == (expected, [])


def test_all_faults_of_parameters_are_reported_at_once() -> None:
    """The problems list the unknown, the missing and the disallowed parameter."""
    declared = {"Needed": {"Type": "String"}, "Size": {"Type": "String", "AllowedValues": ["s", "m"], "Default": "s"}}
    template = parse_template({"Parameters": declared, "Resources": {"A": {"Type": "T"}}})

    _, problems = parameter_values(template, Inputs(parameters={"Size": "xl", "Sise": "m"}))

    text = "\n".join(problems)
    assert "there is no parameter 'Sise'; the template has Needed, Size" in text
    assert "parameter Needed (String) has no Default and was given no value" in text
    assert "parameter Size is 'xl', which is none of s, m" in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Topic"}, "id-of-Topic"),
        ({"Ref": "Size"}, "large"),
        ({"Ref": "AWS::Region"}, "us-west-2"),
        ({"Fn::GetAtt": ["Topic", "Arn"]}, "id-of-Topic.Arn"),
        ({"Fn::GetAtt": "Topic.Nested.Arn"}, "id-of-Topic.Nested.Arn"),
        ({"Fn::Sub": "${AWS::StackName}/${Topic}/${Topic.Arn}/${Size}"}, "sea/id-of-Topic/id-of-Topic.Arn/large"),
        ({"Fn::Sub": "${!Literal} $5 ${ Size }"}, "${Literal} $5 large"),
        ({"Fn::Sub": ["${A}-${Topic}", {"A": {"Ref": "Topic"}}]}, "id-of-Topic-id-of-Topic"),
        ({"Fn::Join": ["-", ["a", 1, True, {"Ref": "Size"}]]}, "a-1-true-large"),
        ({"Fn::Join": ["", []]}, ""),
        ({"Fn::Split": ["|", "a|b"]}, ["a", "b"]),
        ({"Fn::Select": ["1", {"Fn::Split": ["|", "a|b"]}]}, "b"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "us-west-2a"),
        ({"Fn::Select": [1, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]}, "us-west-2b"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "Cpu"]}, 2048),
        ({"Fn::ImportValue": {"Fn::Sub": "shared-vpc"}}, "vpc-1"),
        ({"Fn::Base64": "hi"}, "aGk="),
        ({"Fn::If": ["IsLarge", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsSmall", {"Ref": "Nowhere"}, "no"]}, "no"),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Fn::If": ["IsSmall", 2, {"Ref": "AWS::NoValue"}]}]}, {"b": [1]}),
        ({"Condition": {"StringEquals": {"x": "y"}}}, {"Condition": {"StringEquals": {"x": "y"}}}),
    ],
)
def test_functions_give_what_cloudformation_gives(value: object, expected: object) -> None:
    """Each function gives its value.

    Source: AWS CloudFormation User Guide, intrinsic function reference.
    """
    document = {
        "Mappings": {"Sizes": {"large": {"Cpu": 2048}}},
        "Conditions": {
            "IsLarge": {"Fn::Equals": [{"Ref": "Size"}, "large"]},
            "IsSmall": {"Fn::Not": [{"Condition": "IsLarge"}]},
        },
    }
    answers = resolver(document, Size="large")

    assert expected == answers.resolve(value, "here")
    assert answers.problems == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Equals": ["a", "b"]}, False),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "No"}, {"Condition": "Yes"}]}, True),
        ({"Fn::Not": [{"Condition": "No"}]}, True),
    ],
)
def test_conditions_are_tested(expression: object, expected: bool) -> None:  # noqa: FBT001
    """Each condition function gives its verdict.

    Source: AWS CloudFormation User Guide, condition functions.
    """
    same, other = {"Fn::Equals": ["a", "a"]}, {"Fn::Equals": ["a", "b"]}
    answers = resolver({"Conditions": {"Asked": expression, "Yes": same, "No": other}})

    assert expected == answers.holds("Asked", "here")
    assert answers.problems == []


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"Ref": "Nowhere"}, "Ref Nowhere names no resource, parameter or pseudo parameter"),
        ({"Fn::GetAtt": ["Nowhere", "Arn"]}, "GetAtt Nowhere.Arn names no resource"),
        ({"Fn::GetAtt": ["Topic"]}, "Fn::GetAtt takes a list of 2, not ['Topic']"),
        ({"Fn::Sub": "a ${Nowhere.Arn}"}, "GetAtt Nowhere.Arn names no resource"),
        ({"Fn::Sub": 3}, "Fn::Sub takes a text"),
        ({"Ref": "LeftOut"}, "Ref LeftOut names a resource that its condition Never leaves out"),
        ({"Fn::If": ["Unknown", 1, 2]}, "there is no condition 'Unknown'"),
        ({"Fn::If": ["Odd", 1, 2]}, "Fn::Contains of ['a'] is no condition"),
        ({"Fn::Select": [2, ["a"]]}, "Fn::Select has no item 2 in ['a']"),
        ({"Fn::Join": [",", "ab"]}, "Fn::Join takes a list to join, not 'ab'"),
        (
            {"Fn::FindInMap": ["Sizes", "tiny", "Cpu"]},
            "Fn::FindInMap finds nothing at Sizes.tiny.Cpu; 'Sizes' is missing",
        ),
        ({"Fn::ImportValue": "other"}, "no value was given for the export 'other'; given are shared-vpc"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2]}, "Fn::Cidr is not supported; supported are Ref, "),
        (None, "null values are not allowed"),
    ],
)
def test_what_has_no_value_is_a_problem_at_its_place(value: object, problem: str) -> None:
    """A function without a value is reported with the place where it stands."""
    document = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}, "Odd": {"Fn::Contains": ["a"]}},
        "Resources": {"Topic": TOPIC, "LeftOut": {**TOPIC, "Condition": "Never"}},
    }
    answers = resolver(document)

    answers.resolve({"Deep": [value]}, "Web (T)")

    assert len(answers.problems) == 1
    assert problem in answers.problems[0]


def test_the_place_of_a_problem_is_the_path_of_the_property() -> None:
    """A problem starts with the resource and the path of the property."""
    answers = resolver()

    answers.resolve({"Deep": ["x", {"Er": {"Ref": "Nowhere"}}]}, "Web (T)")

    assert answers.problems[0].startswith("Web (T).Deep.1.Er: ")


def test_functions_over_what_is_not_known_yet_are_not_known_yet() -> None:
    """On paper a text that only AWS will tell cannot be split, and that is no fault."""
    answers = resolver()
    answers.reference = lambda _logical_id, _attribute: PENDING
    split = {"Fn::Split": ["/", {"Fn::GetAtt": ["Topic", "Arn"]}]}

    assert answers.resolve({"Fn::Select": [5, split]}, "here") == PENDING
    assert f"{PENDING}-" == answers.resolve({"Fn::Join": ["-", [{"Ref": "Topic"}, ""]]}, "here")
    assert answers.problems == []


def test_references_follow_the_branch_that_is_taken() -> None:
    """A resource needs what its taken branches name, not what the others do."""
    document = {
        "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}},
        "Resources": dict.fromkeys(("A", "B", "C", "D"), TOPIC),
    }
    value = {"X": {"Fn::If": ["Yes", {"Ref": "A"}, {"Ref": "B"}]}, "Y": [{"Fn::Sub": "${!D}${C.Arn}"}]}

    assert list(resolver(document).references(value)) == ["A", "C"]


def test_the_stack_id_is_the_same_for_the_same_name() -> None:
    """Two deployments of one name have one stack id, so that a seed replays."""
    ids = {resolver().resolve({"Ref": "AWS::StackId"}, "here") for _ in range(2)}

    assert len(ids) == 1
