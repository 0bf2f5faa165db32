"""What cfn-lint, AWS's own linter, says of a template by the resource schemas that CloudFormation publishes.

Its errors are what CloudFormation or a service refuses. A template is linted once: what was found is kept in a folder,
by the template, the region and the version of cfn-lint.
"""

import difflib
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seatrials.errors import TemplateError
from seatrials.twin.cloudformation.template import Template
from seatrials.whole_file import write_whole

_PROCESS = "seatrials.twin.cloudformation.lint_process"
_SECONDS_MAX = 120
_CHOICE = re.compile(r"(?P<value>.+?) is not one of \[(?P<choices>.*)\]", re.DOTALL)
# All that a name may look like, in regular expressions.
_PATTERNS = re.compile(r"(?P<value>'.*?') does not match any of the regexes: (?P<patterns>.*)", re.DOTALL)
# More than these a line cannot show.
_CHOICES_MAX = 12
_PATTERNS_MAX = 2


@dataclass(frozen=True, kw_only=True)
class LintReport:
    """What was found, each in one line that names the resource, the property and the reason."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def lint(template: Template, region: str, cache: Path | None) -> LintReport:
    """Return what cfn-lint has against *template*; *cache* is the folder of what was found before, if there is one.

    Raises `TemplateError` when cfn-lint fails.
    """
    findings = _findings(template.text, region, cache)
    return LintReport(
        errors=tuple(_lines(template, (each for each in findings if each["is_error"]))),
        warnings=tuple(_lines(template, (each for each in findings if not each["is_error"]))),
    )


def _findings(text: str, region: str, cache: Path | None) -> list[dict[str, Any]]:
    digest = hashlib.sha256("\0".join((version("cfn-lint"), region, text)).encode()).hexdigest()
    kept = cache / f"{digest}.json" if cache is not None else None
    if kept is not None and kept.is_file():
        # A file that cannot be read is made anew.
        with suppress(OSError, ValueError):
            return list(json.loads(kept.read_text(encoding="utf-8")))
    findings = _run(text, region)
    if kept is not None:
        # Without a place to keep it, the next run lints again.
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_whole(kept, json.dumps(findings))
    return findings


def _run(text: str, region: str) -> list[dict[str, Any]]:
    """Return what cfn-lint finds, away from any `.cfnlintrc` of this folder or of the home."""
    with tempfile.TemporaryDirectory(prefix="seatrials-lint-") as nowhere:
        command = [sys.executable, "-I", "-m", _PROCESS, region]
        try:
            ended = subprocess.run(  # noqa: S603  # our own file
                command,
                input=text,
                capture_output=True,
                text=True,
                cwd=nowhere,
                env={"HOME": nowhere},
                timeout=_SECONDS_MAX,
                check=True,
            )
            return list(json.loads(ended.stdout))
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            said = str(getattr(error, "stderr", "") or error).strip().splitlines()[-1:]
            msg = f"cfn-lint failed on the template: {' '.join(said)}; run `cfn-lint` on it to see more"
            raise TemplateError(msg) from error


def _lines(template: Template, findings: Iterable[Mapping[str, Any]]) -> list[str]:
    said = {(tuple(each["path"]), each["message"]): each for each in findings}
    return [
        f"{_place(template, path)}: {_in_short(message)} (cfn-lint {each['id']})"
        for (path, message), each in said.items()
    ]


def _in_short(message: str) -> str:
    """Return *message* without a list of all that a value may be, such as every name of the template."""
    unlike = _PATTERNS.fullmatch(message)
    if unlike is not None and unlike["patterns"].count("', '") > _PATTERNS_MAX:
        return f"{unlike['value']} is none of the names that may stand here"
    found = _CHOICE.fullmatch(message)
    choices = re.findall(r"'([^']*)'", found["choices"]) if found else []
    if found is None or len(choices) <= _CHOICES_MAX:
        return message
    close = difflib.get_close_matches(found["value"].strip("'"), choices, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"{found['value']} is not one of the {len(choices)} that it may be{meant}"


def _place(template: Template, path: tuple[str, ...]) -> str:
    """Return a place of the template as the deployer names it: `Vpc (AWS::EC2::VPC).CidrBlock`."""
    section, name, *rest = (*path, "", "")
    inner = ".".join(step for step in rest if step)
    if section == "Resources" and name in template.resources:
        inner = inner.removeprefix("Properties").lstrip(".")
        return f"{name} ({template.resources[name].type})" + (f".{inner}" if inner else "")
    if section == "Parameters":
        return f"parameter {name}" + (f".{inner}" if inner else "")
    return ".".join(path) or "the template"
