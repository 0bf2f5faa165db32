"""What a deployment is given: parameters, files of them, imports; and what the template holds against them."""

import json
from pathlib import Path
from typing import Any

import pytest

from seatrials.errors import ConfigurationError
from seatrials.twin.cloudformation.assertions import failed_assertions
from seatrials.twin.cloudformation.inputs import Inputs, read_inputs
from seatrials.twin.cloudformation.intrinsics import Resolver, Stack
from seatrials.twin.cloudformation.parameters import parameter_values
from seatrials.twin.cloudformation.template import Template, parse_template

_CDK = {
    "BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}
}


def template(parameters: dict[str, Any], **sections: object) -> Template:
    """Return a template with *parameters* and other *sections*."""
    return parse_template({"Parameters": parameters, "Resources": {"A": {"Type": "T"}}, **sections})


def resolver(of: Template, inputs: Inputs) -> Resolver:
    """Return what resolves a template with *inputs*."""
    values, problems = parameter_values(of, inputs)
    assert problems == []
    return Resolver(
        template=of,
        parameters=values,
        stack=Stack(name="sea", region="us-west-2", account="123456789012"),
        imports=inputs.imports,
        zones=lambda _region: [],
    )


@pytest.mark.parametrize(
    "document",
    [
        {"Size": "m", "Zones": ["a", "b"], "Flag": True},
        {"Parameters": {"Size": "m", "Zones": "a,b", "Flag": "true"}},
        [
            {"ParameterKey": "Size", "ParameterValue": "m"},
            {"ParameterKey": "Zones", "ParameterValue": "a,b"},
            {"ParameterKey": "Flag", "ParameterValue": "true", "UsePreviousValue": False},
        ],
    ],
    ids=["map", "configuration", "cli"],
)
def test_a_file_of_parameters_has_one_of_three_forms(tmp_path: Path, document: object) -> None:
    """A map, a template configuration file and the AWS CLI's list say the same."""
    (tmp_path / "p.json").write_text(json.dumps(document), encoding="utf-8")

    inputs = read_inputs([], [tmp_path / "p.json"], [])

    assert inputs.parameters == {"Size": "m", "Zones": "a,b", "Flag": "true"}


def test_the_command_line_comes_before_a_file(tmp_path: Path) -> None:
    """What --parameter says of a key comes before what a file says; a value may have = in it."""
    (tmp_path / "p.json").write_text('{"Size": "m"}', encoding="utf-8")

    inputs = read_inputs(["Size=a=b"], [tmp_path / "p.json"], ["vpc=vpc-1", "ssm:/db=x"])

    assert inputs == Inputs(parameters={"Size": "a=b"}, imports={"vpc": "vpc-1", "ssm:/db": "x"})


def test_all_that_is_wrong_with_inputs_is_told_at_once(tmp_path: Path) -> None:
    """One error names the option without =, the file that is no JSON, the item without a key, and the odd document."""
    texts = {"broken": "{", "odd": "3", "list": '[{"ParameterKey": "A"}]'}
    files = [tmp_path / name for name in (*texts, "absent")]
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError) as raised:
        read_inputs(["Size"], files, ["=x"])

    text = str(raised.value)
    assert "--parameter takes NAME=VALUE, not 'Size'" in text
    assert "--import takes NAME=VALUE, not '=x'" in text
    assert f"{tmp_path / 'broken'} cannot be read as JSON" in text
    assert f"{tmp_path / 'absent'} cannot be read as JSON" in text
    assert f"{tmp_path / 'odd'} must be a map" in text
    assert f"item 0 of {tmp_path / 'list'} lacks ParameterKey or ParameterValue" in text


@pytest.mark.parametrize(
    ("declaration", "given", "said"),
    [
        ({"AllowedPattern": "[a-z]+"}, "A1", "does not match its AllowedPattern [a-z]+"),
        ({"MaxLength": 2}, "abc", "longer than its MaxLength 2"),
        ({"MinLength": "4"}, "abc", "shorter than its MinLength 4"),
        ({"Type": "Number", "MinValue": 2}, "1", "below its MinValue 2"),
        ({"Type": "Number", "MaxValue": "2"}, "3", "above its MaxValue 2"),
        ({"Type": "Number"}, "three", "is no Number"),
        ({"Type": "List<Number>"}, "1,b", "is no Number"),
        ({"AllowedValues": ["a"], "ConstraintDescription": "only a"}, "b", "none of a: only a"),
        ({"Type": "Strong"}, "b", "there is no type 'Strong'"),
    ],
)
def test_a_value_is_held_against_its_declaration(declaration: dict[str, Any], given: str, said: str) -> None:
    """A value outside what the template declares is refused, in the words of the constraint (CFN, Parameters)."""
    _, problems = parameter_values(template({"P": {"Type": "String", **declaration}}), Inputs(parameters={"P": given}))

    assert [said in problem for problem in problems] == [True]


@pytest.mark.parametrize("given", ["abc", "ab", "a"])
def test_a_value_within_its_declaration_is_taken(given: str) -> None:
    """Bounds are inclusive, and a pattern of Java's that Python does not know is not held against a value."""
    declared = {"Type": "String", "MinLength": 1, "MaxLength": 3, "AllowedPattern": r"\p{Lower}+"}

    assert parameter_values(template({"P": declared}), Inputs(parameters={"P": given})) == ({"P": given}, [])


def test_the_cdk_finds_its_account_bootstrapped() -> None:
    """The bootstrap version that the CDK reads from the parameter store is a current one; its rule holds."""
    rule = {"Fn::Not": [{"Fn::Contains": [["1", "2", "3", "4", "5"], {"Ref": "BootstrapVersion"}]}]}
    of = template(_CDK, Rules={"Check": {"Assertions": [{"Assert": rule, "AssertDescription": "bootstrap"}]}})
    old = Inputs(imports={"ssm:/cdk-bootstrap/hnb659fds/version": "5"})

    assert failed_assertions(of, resolver(of, Inputs())) == []
    assert failed_assertions(of, resolver(of, old)) == ["rule Check: bootstrap"]


def test_a_stored_parameter_has_the_value_that_was_given() -> None:
    """A parameter of the SSM store is worth what --import says of its key; without it the problem says what to give."""
    of = template({"P": {"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/zones"}})

    assert parameter_values(of, Inputs(imports={"ssm:/zones": "a, b"})) == ({"P": ["a", "b"]}, [])
    _, problems = parameter_values(of, Inputs())
    assert problems == [
        "parameter P: nothing is known of the SSM parameter /zones: give --import ssm:/zones=VALUE",
    ]


def test_dynamic_references_are_replaced() -> None:
    """A dynamic reference is worth what --import says of it, within text and after Sub; else it is a problem."""
    of = template({"Host": {"Type": "String", "Default": "db"}})
    given = Inputs(imports={"ssm:/db/host": "h", "secretsmanager:db:SecretString:password": "p"})
    resolved = resolver(of, given)

    text = {"Fn::Sub": "{{resolve:ssm:/${Host}/host}}:{{resolve:secretsmanager:db:SecretString:password}}"}
    assert resolved.resolve(text, "A.Url") == "h:p"
    assert resolved.problems == []
    resolved.resolve("{{resolve:ssm:/other:2}}", "A.Url")
    assert resolved.problems == [
        "A.Url: nothing is known of {{resolve:ssm:/other:2}}: give its value with --import ssm:/other:2=VALUE"
    ]


@pytest.mark.parametrize(
    ("assertion", "holds"),
    [
        ({"Fn::Contains": [["a", "b"], "b"]}, True),
        ({"Fn::Contains": [["a", "b"], "c"]}, False),
        ({"Fn::EachMemberEquals": [["a", "a"], "a"]}, True),
        ({"Fn::EachMemberEquals": [["a", "b"], "a"]}, False),
        ({"Fn::EachMemberIn": [["a"], ["a", "b"]]}, True),
        ({"Fn::EachMemberIn": [["a", "c"], ["a", "b"]]}, False),
    ],
)
def test_assertions_have_functions_of_their_own(assertion: dict[str, Any], holds: bool) -> None:  # noqa: FBT001
    """Contains, EachMemberEquals and EachMemberIn are what the guide says (CFN, Rule-specific intrinsic functions)."""
    of = template({}, Rules={"R": {"Assertions": [{"Assert": assertion, "AssertDescription": "no"}]}})

    assert failed_assertions(of, resolver(of, Inputs())) == ([] if holds else ["rule R: no"])


def test_a_rule_whose_condition_is_false_asserts_nothing() -> None:
    """RuleCondition decides whether the assertions count."""
    rule = {"RuleCondition": {"Fn::Equals": ["a", "b"]}, "Assertions": [{"Assert": {"Fn::Equals": ["a", "b"]}}]}
    of = template({}, Rules={"R": rule})

    assert failed_assertions(of, resolver(of, Inputs())) == []


def test_what_runs_in_a_function_is_left_out_and_told() -> None:
    """Custom resources, their functions and the CDK's metadata are not made, and a note names them."""
    of = parse_template(
        {
            "Resources": {
                "A": {"Type": "AWS::Logs::LogGroup", "DependsOn": "C"},
                "C": {"Type": "Custom::Thing"},
                "F": {"Type": "AWS::Lambda::Function"},
            }
        }
    )

    assert list(of.resources) == ["A"]
    assert of.left_out_notes() == [
        "left out, for the twin runs no functions and needs no metadata: C (Custom::Thing), F (AWS::Lambda::Function)"
    ]
    resolved = resolver(of, Inputs())
    resolved.resolve({"Fn::GetAtt": ["C", "Value"]}, "A.Name")
    assert resolved.problems == [
        "A.Name: GetAtt C.Value names a Custom::Thing, which is left out: the twin runs no functions"
    ]
