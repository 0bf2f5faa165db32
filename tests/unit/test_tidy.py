"""Tests of the source itself: what a reviewer would otherwise have to look for in every change.

Which module may import which is import-linter's affair, which calls are banned is ruff's; `nox -s lint` runs both.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from seatrials.environments.kinds import KINDS
from seatrials.environments.scopes import COLUMNS, SCOPES
from tests.support.project import PROJECT

SOURCE = PROJECT / "src"
FUNCTION_LINES_MAX = 50
MODULE_LINES_MAX = 500

MODULES = sorted(SOURCE.rglob("*.py"))
SCENARIO_FILES = sorted((PROJECT / "tests/integration").rglob("*.py"))
TEST_FILES = sorted((PROJECT / "tests").rglob("*.py"))
TEST_FILE_LINES_MAX = 500
Function = ast.FunctionDef | ast.AsyncFunctionDef
Trees = Mapping[Path, ast.Module]

# In a file's own words, so that a failure shows the offending code and the reason.
BROAD_ERRORS = {"Exception", "BaseException"}
# Told apart in the tables of `seatrials.environments`, of which everybody else asks an attribute.
ENVIRONMENT_WORDS = {*KINDS, *SCOPES, *COLUMNS}


def name_of(path: Path) -> str:
    """Return a path as the project writes it, for the names of tests."""
    return path.relative_to(PROJECT).as_posix()


def parse(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.fixture(scope="module")
def modules() -> Trees:
    """Return the syntax trees of src, which all rules read: making them is most of the work."""
    return {path: parse(path) for path in MODULES}


@pytest.fixture(scope="module")
def files_of_tests() -> Trees:
    """Return the syntax trees of the tests."""
    return {path: parse(path) for path in TEST_FILES}


def lines_of(path: Path) -> int:
    """Return how many lines a file has."""
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(tree: ast.AST) -> Iterator[Function]:
    """Yield every function and method."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Return the lines of a function without its docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None and first.end_lineno is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def module_name(path: Path) -> str:
    """Return the name by which a file of src is imported."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the names of the modules that a file may import; `from a import b` may mean a.b."""
    package = module_name(path).split(".") if path.name == "__init__.py" else module_name(path).split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *(node.module.split(".") if node.module else [])])
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)


def packages_of(module: str) -> Iterator[str]:
    """Yield the packages that importing *module* imports too."""
    parts = module.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts)))


def strings(tree: ast.Module) -> Iterator[str]:
    """Yield the string constants of a file; a table that names modules uses them as an import does."""
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return (value for value in constants if isinstance(value, str))


def entry_points() -> set[str]:
    """Return the modules that pyproject.toml hands to others."""
    document = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    targets = [*document["project"]["scripts"].values(), *document["tool"]["pytest"]["addopts"]]
    return {target.partition(":")[0] for target in targets}


def comparisons(tree: ast.Module, words: set[str]) -> list[ast.expr]:
    """Return what in a file tells strings apart by one of *words*: a comparison, a case, or the keys of a table."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                found += [node] if constants(node.left, *node.comparators) & words else []
            case ast.MatchValue():
                found += [node.value] if constants(node.value) & words else []
            case ast.Dict():
                found += [key for key in node.keys if key is not None and constants(key) & words]
    return found


def constants(*nodes: ast.expr) -> set[str]:
    """Return the strings that expressions are, or list."""
    each = [
        part for node in nodes for part in (node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node])
    ]
    return {part.value for part in each if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def mentions(path: Path, words: set[str]) -> list[ast.expr]:
    """Return the tests of a file's `if`s that hold one of *words* as a string."""
    found = []
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.If | ast.IfExp):
            constants = [each.value for each in ast.walk(node.test) if isinstance(each, ast.Constant)]
            found += [node.test] if any(value in words for value in constants if isinstance(value, str)) else []
    return found


def places(path: Path, nodes: Sequence[ast.expr | ast.stmt | ast.ExceptHandler]) -> list[str]:
    """Return where *nodes* stand and what they say."""
    return [f"{name_of(path)}:{node.lineno}: {ast.unparse(node).splitlines()[0]}" for node in nodes]


def is_status_choice(node: ast.AST) -> bool:
    """Whether *node* asks if something is one of several HTTP statuses."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.In):
        return False
    choice = node.comparators[0]
    if not isinstance(choice, ast.Tuple | ast.List | ast.Set):
        return False
    values = [each.value for each in choice.elts if isinstance(each, ast.Constant)]
    return any(isinstance(value, int) and 100 <= value < 600 for value in values)


def conftests(tree: ast.Module) -> list[ast.stmt]:
    """Return the statements that import a conftest."""
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return [node for node in statements if "conftest" in re.split(r"\W+", ast.unparse(node))]


def takes_fixtures(function: Function) -> bool:
    """Whether pytest calls *function*, and so hands it fixtures."""
    is_fixture = any("pytest.fixture" in ast.unparse(each) for each in function.decorator_list)
    return is_fixture or function.name.startswith("test_")


def untyped_parameters(path: Path, tree: ast.Module) -> Iterator[str]:
    """Yield the parameters of tests and fixtures of a file that have no type, or `Any`."""
    for function in filter(takes_fixtures, functions(tree)):
        for each in (*function.args.args, *function.args.kwonlyargs):
            if each.annotation is None or ast.unparse(each.annotation) in {"Any", "typing.Any"}:
                yield f"{name_of(path)}:{each.lineno}: {function.name}({each.arg})"


def test_the_rules_have_files_to_look_at() -> None:
    """Files of all three kinds are found: a rule over none would hold."""
    assert SOURCE / "seatrials/cli.py" in MODULES
    assert Path(__file__) in TEST_FILES
    assert PROJECT / "tests/integration/test_cold_start.py" in SCENARIO_FILES


def test_a_function_fits_a_glance(modules: Trees) -> None:
    """No function is longer than 50 lines, its docstring aside."""
    each = [(path, function, length(function)) for path, tree in modules.items() for function in functions(tree)]
    long = [
        f"{name_of(path)}: {function.name}: {lines}" for path, function, lines in each if lines > FUNCTION_LINES_MAX
    ]

    assert long == []


def test_a_module_fits_a_mind() -> None:
    """No module is longer than 500 lines."""
    assert [name_of(path) for path in MODULES if lines_of(path) > MODULE_LINES_MAX] == []


def test_a_module_says_what_it_is(modules: Trees) -> None:
    """Every module begins with a docstring."""
    assert [name_of(path) for path, tree in modules.items() if not ast.get_docstring(tree)] == []


def test_nobody_asks_for_a_kind_or_a_scope_by_its_name(modules: Trees) -> None:
    """What depends on the kind of an environment, or on where a row runs, is told by their tables and asked of them."""
    others = [(path, tree) for path, tree in modules.items() if path.parent.name != "environments"]

    assert [place for path, tree in others for place in places(path, comparisons(tree, ENVIRONMENT_WORDS))] == []


def test_no_module_is_dead(modules: Trees) -> None:
    """Every module of src is imported by another one, named by one, or is an entry point of the project."""
    used = entry_points() | {"seatrials"}
    for path, tree in modules.items():
        names = {name.partition(":")[0] for name in (*imports(path, tree), *strings(tree))} - {module_name(path)}
        used |= names | {package for name in names for package in packages_of(name)}
    dead = [name_of(path) for path in MODULES if path.stem != "__main__" and module_name(path) not in used]

    assert dead == []


@pytest.mark.parametrize("path", SCENARIO_FILES, ids=name_of)
def test_a_scenario_has_no_clock_of_its_own(path: Path) -> None:
    """A scenario waits with `wait_until` on the platform's clock: it imports no `time` and sleeps nowhere."""
    tree = parse(path)
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    sleeps = [call for call in calls if ast.unparse(call).rpartition(".")[2] == "sleep"]
    imported = [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and "time" in [alias.name for alias in node.names])
        or (isinstance(node, ast.ImportFrom) and node.module == "time")
    ]

    assert [*places(path, sleeps), *places(path, imported)] == []


@pytest.mark.parametrize("path", SCENARIO_FILES, ids=name_of)
def test_a_scenario_speaks_of_the_platform_alone(path: Path) -> None:
    """Of the project a scenario imports the platform, models and a load of it, so that it says the same anywhere."""
    modules = [node.module or "" for node in ast.walk(parse(path)) if isinstance(node, ast.ImportFrom)]
    modules += [each.name for node in ast.walk(parse(path)) if isinstance(node, ast.Import) for each in node.names]
    own = [module for module in modules if module.partition(".")[0] == "seatrials"]

    allowed = ("seatrials.platform", "seatrials.models", "seatrials.load")
    assert [module for module in own if not module.startswith(allowed)] == []


@pytest.mark.parametrize("path", SCENARIO_FILES, ids=name_of)
def test_a_scenario_swallows_no_failure(path: Path) -> None:
    """A scenario catches nothing that would hide a failed assertion."""
    handlers = [node for node in ast.walk(parse(path)) if isinstance(node, ast.ExceptHandler)]
    broad = [each for each in handlers if each.type is None or BROAD_ERRORS & set(ast.unparse(each.type).split(", "))]

    assert places(path, broad) == []


@pytest.mark.parametrize("path", SCENARIO_FILES, ids=name_of)
def test_a_scenario_does_not_ask_where_it_runs(path: Path) -> None:
    """A scenario is the same everywhere: no `if` of it names an environment."""
    assert places(path, mentions(path, ENVIRONMENT_WORDS)) == []


@pytest.mark.parametrize("path", SCENARIO_FILES, ids=name_of)
def test_a_scenario_expects_one_status(path: Path) -> None:
    """A scenario says which status is right, and does not pass with any of several."""
    choices = [node for node in ast.walk(parse(path)) if isinstance(node, ast.Compare) and is_status_choice(node)]

    assert places(path, choices) == []


def test_a_test_file_fits_a_mind() -> None:
    """No file of tests is longer than 500 lines; a file of scenarios is as long as its part of the catalogue."""
    others = [path for path in TEST_FILES if path not in SCENARIO_FILES]

    assert [name_of(path) for path in others if lines_of(path) > TEST_FILE_LINES_MAX] == []


def test_a_test_names_the_type_of_what_it_is_given(files_of_tests: Trees) -> None:
    """Every parameter of a test or a fixture has a type, and none is `Any`: tests/support has the names."""
    assert [each for path, tree in files_of_tests.items() for each in untyped_parameters(path, tree)] == []


def test_nothing_imports_a_conftest(files_of_tests: Trees) -> None:
    """A conftest.py is pytest's alone: what others need of it stands in tests/support."""
    assert [place for path, tree in files_of_tests.items() for place in places(path, conftests(tree))] == []
