"""What Allure keeps of a run, redacted before it is written."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger
from allure_pytest.listener import AllureListener

from seatrials.evidence.redaction import redact, redact_named
from seatrials.run.items import scenario_id, scopes_of, suite_of

# How `seatrials.run.plugin` tells the row of a test.
_ROW_LABEL = "as_id"


class RedactedFiles:
    """A plugin of Allure's that takes the place of its own writer of files, which offers no way to change a text.

    What cannot be written is told, not raised: Allure writes amid the hooks and fixtures of others, and an error there
    would keep them from giving back what they hold.
    """

    def __init__(self, folder: Path, on_failure: Callable[[OSError], None]) -> None:
        # It has no types.
        self._files: Any = AllureFileLogger(str(folder))  # type: ignore[no-untyped-call]
        self._on_failure = on_failure

    @allure_commons.hookimpl
    def report_result(self, result: object) -> None:
        """Write what became of a test, under its row of the catalogue and the sentence that it examines."""
        _name_by_row(result)
        _redact(result)
        self._write(self._files.report_result, result)

    @allure_commons.hookimpl
    def report_container(self, container: object) -> None:
        """Write what became of a fixture."""
        _redact(container)
        self._write(self._files.report_container, container)

    @allure_commons.hookimpl
    def report_globals(self, globals_item: object) -> None:
        """Write what is about the run as a whole."""
        _redact(globals_item)
        self._write(self._files.report_globals, globals_item)

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        """Write an attachment; bytes that are no text, such as a picture's, stay as they are."""
        try:
            text = body if isinstance(body, str) else body.decode()
        except UnicodeDecodeError:
            self._write(self._files.report_attached_data, body, file_name)
        else:
            self._write(self._files.report_attached_data, redact(text), file_name)

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        """Write a file as an attachment."""
        self.report_attached_data(Path(source).read_bytes(), file_name)

    def _write(self, write: Callable[..., None], *given: object) -> None:
        try:
            write(*given)
        except OSError as error:
            self._on_failure(error)


def begin_allure(config: pytest.Config, folder: Path, on_failure: Callable[[OSError], None]) -> None:
    """Let Allure hear of the tests of a run, and write to *folder*; does what `--alluredir` does, with our writer.

    *on_failure* is told what could not be written.
    """
    config.option.allure_report_dir = None
    listener = AllureListener(config)
    config.pluginmanager.register(listener, "allure_listener")
    for plugin in (listener, RedactedFiles(folder, on_failure)):
        allure_commons.plugin_manager.register(plugin)
        config.add_cleanup(partial(allure_commons.plugin_manager.unregister, plugin))


def _name_by_row(result: Any) -> None:  # noqa: ANN401  # it has no types
    """Let a result be found by its row; its full name, by which Allure knows it again, stays that of the test."""
    rows = [label.value for label in result.labels or () if label.name == _ROW_LABEL]
    if rows:
        sentence = " ".join((result.description or "").partition("\n\n")[0].split())
        result.name = f"{rows[0]} {sentence or result.name}"


def _redact(item: Any) -> None:  # noqa: ANN401  # Allure's items have no common type
    """Redact all texts of one of Allure's items, and of those within it."""
    fields = vars(item)
    for name, value in fields.items():
        if isinstance(value, str):
            fields[name] = redact_named(fields["name"], value) if name == "value" else redact(value)
        elif isinstance(value, list):
            for each in value:
                _redact_within(each)
        else:
            _redact_within(value)


def _redact_within(value: object) -> None:
    if hasattr(value, "__attrs_attrs__"):
        _redact(value)


def add_labels(item: pytest.Item, environment: str) -> None:
    """Give Allure the row, the suite, the severity and the environment of a scenario."""
    severity = "critical" if any(scope.is_everywhere for scope in scopes_of(item)) else "normal"
    # allure-pytest reads its labels from marks of this form; its own decorators have no types.
    labels = {"as_id": scenario_id(item), "suite": suite_of(item), "severity": severity, "env": environment}
    for kind, value in labels.items():
        item.add_marker(pytest.mark.allure_label(value, label_type=kind))
