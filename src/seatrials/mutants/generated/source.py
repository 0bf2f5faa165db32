"""Where rules can change the code of a package: in the functions and methods of its modules."""

import importlib
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from inspect import getattr_static, unwrap
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from seatrials.errors import ConfigurationError
from seatrials.mutants.generated.operators import changes_of, is_said
from seatrials.shard import Shard


@dataclass(frozen=True)
class Generated:
    """One change to the code of one function."""

    # Such as `hermes.store:Store.claim`, below the package.
    function: str
    # The lines of the statement that changes, before and after, without what is around it.
    was: str
    now: str
    # Which of several alike in the function, from 1.
    number: int
    path: Path
    # The lines of the file that run when the statement does.
    lines: range
    target: FunctionType = field(repr=False, compare=False)
    mutated: Callable[[], str] = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """What it is called by: the same for as long as its function has this statement."""
        alike = f" #{self.number}" if self.number > 1 else ""
        return f"{self.function}{alike}: {self.was} -> {self.now}"

    def apply(self) -> bool:
        """Make the change in this process, for as long as that lives; return whether it fits into the function."""
        code = self._code()
        if code is not None:
            self.target.__code__ = code
        return code is not None

    def _code(self) -> CodeType | None:
        # The module whole, for what a function is called, and what it takes from around it, depends on its place.
        whole = compile(self.mutated(), str(self.path), "exec", dont_inherit=True)
        found = [each for each in codes_in(whole) if each.co_qualname == self.target.__code__.co_qualname]
        fits = [each for each in found if each.co_freevars == self.target.__code__.co_freevars]
        return fits[-1] if fits else None


def generate(package: ModuleType) -> list[Generated]:
    """Return every change to every function of *package*, in the order of the files and of their lines."""
    found: list[Generated] = []
    for path, name in modules_of(package):
        found += _Finder(path, name.removeprefix(f"{package.__name__}."), importlib.import_module(name)).found
    return found


def modules_of(package: ModuleType) -> Iterator[tuple[Path, str]]:
    """Yield the files below *package*, each with the name of its module, in the order of the files."""
    root = Path(package.__path__[0])
    for path in sorted(root.rglob("*.py")):
        below = path.relative_to(root).with_suffix("").as_posix().removesuffix("/__init__").replace("/", ".")
        yield path, f"{package.__name__}.{below}"


@dataclass(frozen=True)
class Choice:
    """Which mutants are run: those whose ids begin so, of these so many, and of those a part."""

    beginnings: Sequence[str] = ()
    # Without a size it is all of them.
    size: int | None = None
    seed: int = 1
    shard: Shard | None = None

    def of(self, mutants: Sequence[Generated]) -> list[Generated]:
        """Return the chosen ones, in their order; raises `ConfigurationError` for a beginning of none."""
        idle = [each for each in self.beginnings if not any(one.id.startswith(each) for one in mutants)]
        if idle:
            msg = f"no generated mutant has an id that begins with {', '.join(map(repr, idle))}"
            raise ConfigurationError(msg)
        found = [each for each in mutants if not self.beginnings or each.id.startswith(tuple(self.beginnings))]
        chosen = found if self.size is None else sample(found, self.size, self.seed)
        if self.shard is None:
            return chosen
        # Nobody knows how long one takes before it has met its scenarios.
        own = self.shard.part({each.id: 1 for each in chosen}, "generated mutants")
        return [each for each in chosen if each.id in own]


def sample(mutants: Sequence[Generated], size: int, seed: int) -> list[Generated]:
    """Return *size* of the mutants, in their order; one that comes or goes changes nothing for the others."""
    by_chance = sorted(mutants, key=lambda each: sha256(f"{seed}/{each.id}".encode()).digest())
    chosen = {each.id for each in by_chance[:size]}
    return [each for each in mutants if each.id in chosen]


class _Finder(cst.CSTVisitor):
    """Walks a module, and keeps what can be changed in its functions and methods."""

    def __init__(self, path: Path, name: str, module: ModuleType) -> None:
        super().__init__()
        self.found: list[Generated] = []
        self._path, self._name, self._module = path, name, module
        wrapper = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")), unsafe_skip_copy=True)
        self._tree, self._positions = wrapper.module, wrapper.resolve(PositionProvider)
        self._parents: list[cst.CSTNode] = []
        self._alike: dict[tuple[str, str, str], int] = {}
        self._tree.visit(self)

    def on_visit(self, node: cst.CSTNode) -> bool:
        self._parents.append(node)
        # What an annotation says is nothing that runs.
        if isinstance(node, cst.Annotation) or is_said(node, self._statement()):
            return False
        target = self._target()
        for change in changes_of(node) if target is not None else ():
            self._keep(node, change, target)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        del original_node
        self._parents.pop()

    def _statement(self) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
        """Return the innermost statement around where the walk is; None outside of all."""
        return next((each for each in reversed(self._parents) if isinstance(each, _STATEMENTS)), None)

    def _target(self) -> FunctionType | None:
        """Return the outermost function around where the walk is; None outside of functions and in their headers."""
        names: list[str] = []
        for parent, child in zip(self._parents, self._parents[1:], strict=False):
            if isinstance(parent, cst.ClassDef):
                names.append(parent.name.value)
            elif isinstance(parent, cst.FunctionDef):
                return function_of(self._module, [*names, parent.name.value]) if child is parent.body else None
        return None

    def _keep(self, node: cst.CSTNode, change: cst.CSTNode, target: FunctionType | None) -> None:
        assert target is not None, "a change is within a function"
        statement = self._statement()
        assert statement is not None, "a change is within a statement"
        after = change if statement is node else statement.deep_replace(node, change)
        assert isinstance(after, cst.CSTNode), "a statement is replaced by one"
        was, now = _header(self._tree, statement), _header(self._tree, after)
        if was == now:
            return
        function = f"{self._name}:{target.__qualname__}"
        number = self._alike[function, was, now] = self._alike.get((function, was, now), 0) + 1
        tree, begin, end = self._tree, self._positions[statement], self._positions[node]
        if isinstance(statement, cst.SimpleStatementLine):
            end = begin
        self.found.append(
            Generated(
                function,
                was,
                now,
                number,
                self._path,
                range(begin.start.line, end.end.line + 1),
                target,
                lambda: cst.ensure_type(tree.deep_replace(node, change), cst.Module).code,
            )
        )


_STATEMENTS = (cst.SimpleStatementLine, cst.BaseCompoundStatement)


def _header(tree: cst.Module, statement: cst.CSTNode) -> str:
    """Return a statement on one line, a compound one without its body and without comments."""
    bare = statement
    if isinstance(statement, cst.BaseCompoundStatement):
        bare = statement.with_changes(body=cst.SimpleStatementSuite([cst.Expr(cst.Ellipsis())]))
    if hasattr(bare, "leading_lines"):
        bare = bare.with_changes(leading_lines=())
    lines = (line.partition("  #")[0].strip() for line in tree.code_for_node(bare).splitlines())
    return " ".join(line for line in lines if line).removesuffix(" ...")


def function_of(module: ModuleType, names: Sequence[str]) -> FunctionType | None:
    """Return the function of that name as it was written, below what decorates it."""
    owner: Any = operator.attrgetter(".".join(names[:-1]))(module) if names[1:] else module
    found = getattr_static(owner, names[-1], None)
    found = getattr(found, "fget", None) or getattr(found, "func", None) or getattr(found, "__func__", found)
    found = unwrap(found) if callable(found) else None
    return found if isinstance(found, FunctionType) else None


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Yield a piece of code, and all that are within it."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from codes_in(each)
