"""Notes which functions of the project run, and which other files of it are read, from its first line on.

Python can call a function of ours for every function that begins (`sys.settrace`), of libraries too, and runs ten times
as slowly then. So the project's own files are compiled with a note at the beginning of each function instead, which
costs nothing that can be measured. Their compiled files have a folder of their own, for Python must never take them
for its own.
"""

import ast
import hashlib
import marshal
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from seatrials.affected.units import REST, WHOLE, Function, functions

# A path below the root, and a unit of that file.
Unit = tuple[str, str]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_NOTE = "__seatrials_ran__"
# Where compiled files with notes are kept, below the root.
COMPILED = (".seatrials", "compiled")
# Another number for notes of another form, or what was compiled with the former ones would be taken.
_NOTES_VERSION = 1
_LIBRARIES = "site-packages"
# Both read every file of the tree, or of what ran.
_COMPARING = ("/evidence/checkout.py", "/run/sources.py")


class Tracer(MetaPathFinder):
    """Notes what runs in this process, and after a fork in each of both; finds the modules of the project for it."""

    def __init__(self) -> None:
        self._root = ""
        self._ran: set[Unit] = set()

    @property
    def is_on(self) -> bool:
        """Whether it notes anything."""
        return bool(self._root)

    def start(self, root: Path) -> None:
        """Note what runs of the files below *root* from now on, as long as the process lives."""
        self._root = f"{root}/"
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        self._ran |= {(name, REST) for each in files if isinstance(each, str) and (name := self._name(each))}
        sys.addaudithook(self._audit)
        sys.meta_path.insert(0, self)

    def take(self) -> frozenset[Unit]:
        """Return what ran since the last call, and begin anew."""
        ran = frozenset(self._ran)
        # The noting functions hold this very set.
        self._ran.clear()
        return ran

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module of the project is loaded; None leaves it to Python."""
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader) or not self._name(spec.loader.path):
            return None
        spec.loader = _NotingLoader(fullname, spec.loader.path, self._name(spec.loader.path), self._ran)
        return spec

    def _name(self, path: str) -> str:
        """Return a path below the root; empty for what is elsewhere, or a library."""
        is_own = path.startswith(self._root) and _LIBRARIES not in path and COMPILED[0] not in path
        return path.removeprefix(self._root) if is_own else ""

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if event != "open":
            return
        path, _mode, flags = arguments
        # Python's sources are judged by what ran of them.
        if isinstance(path, str) and isinstance(flags, int) and not flags & _WRITING and not path.endswith(".py"):
            name = self._name(os.path.abspath(path))  # noqa: PTH100  # of every file that any library opens
            if name and not _is_compared():
                self._ran.add((name, WHOLE))


def _made_by() -> list[bytes]:
    """Return what the code of a source depends on beside the source."""
    rewriting = str(getattr(sys.modules.get("pytest"), "__version__", "none"))
    return [sys.version.encode(), rewriting.encode(), str(_NOTES_VERSION).encode()]


def _is_compared() -> bool:
    """Whether a file is read by who compares files with git's, which says nothing about what a test does."""
    frame = sys._getframe()  # noqa: SLF001  # as `inspect` does it, without its cost
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename.endswith(_COMPARING):
            return True
    return False


class _NotingLoader(SourceFileLoader):
    """Loads a module from its source, with a note in each of its functions."""

    def __init__(self, fullname: str, path: str, name: str, ran: set[Unit]) -> None:
        super().__init__(fullname, path)
        self._unit_path, self._ran = name, ran
        self._folder = Path(path.removesuffix(name), *COMPILED)

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # Python's own protocol
        """Return the code of the source, from a file of this project's own when it was compiled before."""
        source = self.get_data(self.path)
        kept = self._folder / hashlib.sha256(self._unit_path.encode()).hexdigest()
        made_of = hashlib.sha256(b"\0".join([source, self.path.encode(), *_made_by()])).digest()
        with suppress(OSError):
            content = kept.read_bytes()
            if content.startswith(made_of):
                known: CodeType = marshal.loads(content.removeprefix(made_of))  # noqa: S302  # written below, by us
                return known
        code = self._compiled(source)
        with suppress(OSError):  # then it is compiled once more the next time
            self._folder.mkdir(parents=True, exist_ok=True)
            written = kept.with_suffix(f".{os.getpid()}")
            written.write_bytes(made_of + marshal.dumps(code))
            written.replace(kept)
        return code

    def _compiled(self, source: bytes) -> CodeType:
        """Compile a source, and let pytest explain its failed assertions, when that is there."""
        tree = ast.parse(source, self.path)
        _add_notes(tree, self._unit_path)
        if "pytest" in sys.modules:
            from _pytest.assertion.rewrite import rewrite_asserts  # noqa: PLC0415  # it must not be imported here

            rewrite_asserts(tree, source, self.path)
        code: CodeType = compile(tree, self.path, "exec", dont_inherit=True)
        return code

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, of which the rest runs now, and functions later."""
        vars(module)[_NOTE] = self._ran.add
        self._ran.add((self._unit_path, REST))
        super().exec_module(module)


def _add_notes(tree: ast.Module, path: str) -> None:
    for unit, function in functions(tree):
        told = ast.Tuple([ast.Constant(path), ast.Constant(unit)], ast.Load())
        note = ast.Call(ast.Name(_NOTE, ast.Load()), [told], [])
        for statement in function.body:
            for node in ast.walk(statement):
                _add_note(node, note)
        _add_note(function, note)
    ast.fix_missing_locations(tree)


def _add_note(node: ast.AST, note: ast.Call) -> None:
    if isinstance(node, Function):
        is_documented = ast.get_docstring(node, clean=False) is not None
        node.body.insert(int(is_documented), ast.copy_location(ast.Expr(note), node.body[0]))
    elif isinstance(node, ast.Lambda):
        # To note returns None.
        node.body = ast.copy_location(ast.BoolOp(ast.Or(), [note, node.body]), node.body)


# One of a process: it has to be there before anything else is.
TRACER = Tracer()
