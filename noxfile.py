#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2026.4"]
# ///
"""The commands of seatrials; `./run` is nox where nox is not installed.

    nox                              lint, types, tests, mock and rehearse: what a change must pass
    nox -s mock                      every scenario on the mock platform
    nox -s mock -- routing           the scenarios of a suite or several: cold_start, persistence, concurrency, ...
    nox -s mock -- -k keepalive -n 0 what follows the -- goes to pytest: tests by name, in this process
    nox -s mock -- --seed 7          other latencies, other interleavings; the same ones for the same seed
    nox -s mock -- models --steps 1000 longer walks of the rows that draw their steps
    nox -s mock -- --stack FILE      the scenarios on your own CloudFormation template
    nox -s mock -- --changed main    the scenarios that a change since main can touch, by what was recorded
    nox -s mock -- --shard 2/4       the second of four parts that take equally long; rehearse and mutants take it too,
                                     and `seatrials merge FOLDER...` makes one run of their evidence
    nox -s watch                     the scenarios that execute what changed, whenever a file is saved
    nox -s rehearse                  the staging rows as on AWS, on the twin as a server of its own
    nox -s mock -- --world hard      a platform that is as hard to examine as AWS; rehearse takes it too
    nox -s rehearse -- --pace 10     three times slower than usual, for a machine that is busy or slow
    nox -s live-staging -- --plan    what that run would take and cost, row by row; every environment can tell it
    nox -s live-staging              the staging rows on the real stack that SEATRIALS_ACCOUNT_ID and so on name
    nox -s live-production -- --confirm production
                                     the rows that production allows, with one session at a time
    nox -s explore -- --seeds 500    load and faults that seeds draw, on a world each, with all checkers
    nox -s mutants                   the broken platforms, each of which some scenario must find
    nox -s clients                   a served platform with the AWS CLI, the JavaScript SDK and a container of Node
    nox -s load                      two minutes of many users at once on the twin as a server, and their figures judged
    nox -s load -- --users 12 --processes 2 --load-seconds 300
    nox -s live-load                 the same on staging; --elsewhere 2 --address HOST for users on other machines
    nox -s bench                     what the suite, worlds and servers cost; -- --compare with the last release
    nox -s contract                  two minutes of requests that nobody chose, held against contract/; -- --seconds N
    nox -s report                    one Allure report over the newest runs of all environments
    nox -s package                   what is released, in dist/, and the wheel used outside; -- --python 3.13
    nox -s seatrials -- merge FOLDER...
                                     any command of seatrials that needs no AWS, where it is not installed
    nox -s live-sweep -- staging     what killed runs have left on a stack; with --yes it is removed
    nox -s gate                      the decision on the evidence; exits with 1 for NO-GO and CANNOT TELL alike
    nox -s tutorial                  every command of the tutorial, as it stands there, in a fresh checkout
    nox -s tutorial -- --keep        the same, and what was seen: the tutorial's output, and the pictures in docs/images
    nox -s docs                      the documentation as a site, in site/; fails for a link that leads nowhere
    nox -s browser                   the gate's page in Debian's chromium, which must be installed
    nox -R -s mock                   the same without installing anything: a few seconds earlier

Every session installs exactly what uv.lock holds. Only the live ones need an AWS account; no other one can reach any.
"""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

import nox

nox.needs_version = ">=2026.4"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_external_run = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
SCENARIOS = Path("tests/integration")
# Options of a run after which a word is no value of theirs.
WITHOUT_VALUE = {"-q", "-s", "-v", "-x", "--pdb", "--record-coverage", "--strict", "--verbose"}

# A session that is offline has no credentials, and no way to find any.
OFFLINE: dict[str, str | None] = {
    **{name: None for name in os.environ if name.startswith("AWS_")},
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # Without compiled files every worker would compile every library anew.
    "PYTHONDONTWRITEBYTECODE": None,
}


# So fast that the rows end in minutes, and slow enough for their requests: an idle timeout of 60 s is 2 s then.
REHEARSAL_PACE = 30

# A load is about requests, which take the machine's time: slower, so that a start is not all that users wait for.
LOAD_PACE = 10

# A live session has the shell's own, and refuses what would lead it elsewhere.
LIVE: dict[str, str | None] = {"PYTHONDONTWRITEBYTECODE": None}


def install(session: nox.Session, *groups: str, alone: bool = False) -> None:
    """Make the session's environment what uv.lock says: the project, what it needs, and *groups*, or these *alone*.

    uv itself comes from PyPI, so that pip is all a machine must have. `nox -R` skips both steps.
    """
    session.install(*nox.project.dependency_groups(PYPROJECT, "uv"))
    location = session.virtualenv.location
    options = [f"--{'only-' if alone else ''}group={group}" for group in ("uv", *groups)]
    # Who signs as a job of CI needs sigstore, which others are spared.
    options += ["--extra=sigstore"] if os.environ.get("SEATRIALS_SIGNING_IDENTITY") and not alone else []
    session.run_install(
        *(
            "uv",
            "sync",
            "--locked",
            "--quiet",
            "--no-default-groups",
            *options,
            f"--python={location}",
        ),
        env={"UV_PROJECT_ENVIRONMENT": location},
    )


def run(session: nox.Session, *command: str, env: Mapping[str, str | None]) -> None:
    """Run a command until it ends: half a second after Ctrl-C nox would kill what still gives back what it holds."""
    session.run(*command, env=dict(env), interrupt_timeout=None)


def places(session: nox.Session) -> tuple[list[str], list[str]]:
    """Return where the scenarios are that the session's arguments name, by suite or path, and its other arguments.

    A word is the value of the option before it, unless that has its value already or is known to take none.
    """
    paths, others = [], []
    for before, word in zip([None, *session.posargs], session.posargs, strict=False):
        if word.startswith("-") or (before is not None and takes_a_value(before)):
            others.append(word)
        elif (SCENARIOS / f"test_{word}.py").is_file():
            paths.append(str(SCENARIOS / f"test_{word}.py"))
        elif word.isidentifier() and not Path(word).exists():
            # With workers pytest says of a path that leads nowhere only that it has found no test.
            suites = ", ".join(sorted(each.stem.removeprefix("test_") for each in SCENARIOS.glob("test_*.py")))
            session.error(f"no suite is called {word!r}: there are {suites}; see -k for scenarios by name")
        else:
            paths.append(word)
    return paths or [str(SCENARIOS)], others


def takes_a_value(word: str) -> bool:
    """Whether *word* is an option whose value is the next word: not `--seed=7`, `-n0` or `-v`."""
    is_long = word.startswith("--") and "=" not in word
    return (is_long or (word.startswith("-") and len(word) == len("-n"))) and word not in WITHOUT_VALUE


def run_scenarios(
    session: nox.Session,
    environment: str,
    *options: str,
    variables: Mapping[str, str | None] = OFFLINE,
    within: tuple[str, ...] = (),
    shares: tuple[str, ...] = ("worksteal",),
) -> None:
    """Run the scenarios on *environment*; the session's arguments follow *options* and so win over them.

    The command stands behind that of *within*, which runs it; *shares* says how the workers get their scenarios.
    """
    paths, arguments = places(session)
    # One of -q and one of -v would leave neither.
    quietly = () if {"-v", "-vv", "--verbose"} & {*arguments} else ("-q",)
    run(
        session,
        *within,
        *("python", "-m", "pytest", *paths, "--environment", environment),
        *(*quietly, "-n", "auto", "--dist", *shares, *options, *arguments),
        env=variables,
    )


def run_load(
    session: nox.Session,
    environment: str,
    criteria: str,
    *,
    variables: Mapping[str, str | None],
    within: tuple[str, ...] = (),
) -> None:
    """Run the load on *environment*, and the gate on its figures, whatever came of it."""
    session.posargs[:] = ["load", *session.posargs]
    try:
        # The users are in processes of locust's; the scenario itself only waits for them.
        run_scenarios(session, environment, "-n", "0", variables=variables, within=within)
    finally:
        run(session, "python", "-m", "seatrials.cli", "gate", "--criteria", criteria, env=OFFLINE)


def server_options(session: nox.Session, usual_pace: int = REHEARSAL_PACE) -> tuple[str, ...]:
    """Take `--pace N` and `--world NAME` out of the session's arguments, for the server; the rest is pytest's.

    Without a pace a machine that cannot hold the usual one gets a slower one.
    """
    parser = argparse.ArgumentParser(prog="nox -s rehearse --", add_help=False, allow_abbrev=False)
    parser.add_argument("--pace", metavar="N")
    parser.add_argument("--world", metavar="NAME")
    chosen, session.posargs[:] = parser.parse_known_args(session.posargs)
    pace = ("--pace", str(usual_pace), "--slows-down") if chosen.pace is None else ("--pace", chosen.pace)
    return pace if chosen.world is None else (*pace, "--world", chosen.world)


@nox.session
def lint(session: nox.Session) -> None:
    """Run the checks of .pre-commit-config.yaml on every file."""
    install(session, "lint")
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure", *session.posargs)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of src, tests and this file."""
    install(session, "types", "tests", "contract")
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the unit tests: the twin, the mock applications, the tools."""
    install(session, "tests")
    # A file is run by one worker, which makes what its tests share, such as a served twin, once.
    shares = ("-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder")
    run(session, "python", "-m", "pytest", "tests/unit", "-q", *shares, *session.posargs, env=OFFLINE)


@nox.session
def mock(session: nox.Session) -> None:
    """Run every scenario on the mock platform: one process, virtual time, no AWS account."""
    install(session)
    # The plugin puts the longest first, and here each worker gets the next one when it has but one left.
    run_scenarios(session, "mock", shares=("load", "--maxschedchunk", "1"))


@nox.session(default=False)
def watch(session: nox.Session) -> None:
    """Run the scenarios that execute what changed, whenever a file is saved; those that failed come first."""
    install(session)
    run(session, "python", "-m", "seatrials.cli", "watch", *session.posargs, env=OFFLINE)


@nox.session
def rehearse(session: nox.Session) -> None:
    """Run the staging rows as on AWS, on the twin as a server of its own, 30 times as fast as real."""
    install(session)
    options = server_options(session)
    if "--plan" in session.posargs:
        # It asks no server, which would have told it the pace.
        run_scenarios(session, "rehearsal", variables={**OFFLINE, "SEATRIALS_PACE": options[1]})
        return
    # Rows of PERS run commands in the editor, as environments.toml says that a rehearsal can.
    options = ("--allow-exec", *options)
    server = ("python", "-m", "seatrials.cli", "twin", "run", *options, "--")
    run_scenarios(session, "rehearsal", within=server)


@nox.session(name="live-staging", default=False, tags=["live"])
def live_staging(session: nox.Session) -> None:
    """Run the staging rows on staging; docs/live.md says what that needs and what it may do there."""
    install(session)
    run_scenarios(session, "staging", variables=LIVE)


@nox.session(name="live-production", default=False, tags=["live"])
def live_production(session: nox.Session) -> None:
    """Run the rows that production allows, when `--confirm production` follows the `--`."""
    install(session)
    run_scenarios(session, "production", variables=LIVE)


@nox.session(name="live-sweep", default=False, tags=["live"])
def live_sweep(session: nox.Session) -> None:
    """Show what runs that were killed have left on a stack, as in `-- staging`; with `--yes` remove it."""
    install(session)
    run(session, "seatrials", "sweep", *session.posargs, env=LIVE)


@nox.session(default=False)
def load(session: nox.Session) -> None:
    """Have many users use the twin as a server for two minutes, and judge what they have seen."""
    install(session, "load")
    server = ("python", "-m", "seatrials.cli", "twin", "run", *server_options(session, LOAD_PACE), "--")
    run_load(session, "rehearsal-load", "gate-load-rehearsal.toml", variables=OFFLINE, within=server)


@nox.session(name="live-load", default=False, tags=["live"])
def live_load(session: nox.Session) -> None:
    """Have many users use staging, under the lease and the budget of a run, and judge what they have seen."""
    install(session, "load")
    run_load(session, "staging-load", "gate-load.toml", variables=LIVE)


@nox.session(default=False)
def package(session: nox.Session) -> None:
    """Build what is released into dist/, and use the wheel outside of any checkout; `-- --python 3.13` with another."""
    install(session, "package")
    # What builds comes from uv.lock as well, and not from wherever a build of its own would fetch it.
    session.run("uv", "build", "--quiet", "--no-build-isolation", "--clear", "--out-dir", "dist")
    sbom = ("--format", "cyclonedx1.5", "--preview-features", "sbom-export", "--output-file", "dist/uv.cdx.json")
    session.run("uv", "export", "--locked", "--quiet", "--no-default-groups", *sbom, silent=True)
    session.run("python", "-m", "releasing.sbom", "dist")
    session.run("python", "-m", "releasing.notes", "dist")
    session.run("twine", "check", "--strict", "dist/*.whl", "dist/*.tar.gz")
    session.run("check-wheel-contents", "dist")
    run(session, "python", "-m", "pytest", "tests/package", "-q", "-n", "0", *session.posargs, env=OFFLINE)


@nox.session(default=False)
def provenance(session: nox.Session) -> None:
    """Sign, with the identity of this job of GitHub's, of which commit and by which job dist/ was built."""
    install(session, "package")
    session.run("python", "-m", "releasing.provenance", "dist")
    predicate = ("--predicate", "dist/provenance.json", "--predicate-type", "https://slsa.dev/provenance/v1")
    files = sorted(str(path) for path in Path("dist").glob("seatrials-*"))
    session.run("python", "-m", "sigstore", "attest", *predicate, *files)


@nox.session(default=False)
def kills(session: nox.Session) -> None:
    """Interrupt runs at random moments in twelve ways: nothing of them may stay, and nothing of others may change.

    `-- --stopped 40 --others 40` is the whole of it, which takes about half an hour; `--seed` draws other moments.
    """
    install(session, "tests")
    run(session, "python", "-m", "pytest", "tests/rehearsal", "-q", "-n", "0", *session.posargs, env=OFFLINE)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Time the suite, worlds and servers beside a yardstick; `-- --compare` fails for what has become slower."""
    install(session, "tests", "bench")
    if any(each.startswith("--compare") for each in session.posargs):
        run(session, "python", "-m", "tests.bench.beside", *session.posargs, env=OFFLINE)
        return
    timed = ("-p", "pytest_benchmark.plugin", "--benchmark-timer", "tests.bench.machine.cpu_seconds")
    quietly = ("-q", "--benchmark-columns", "rounds", "--benchmark-disable-gc", "-n", "0")
    run(session, "python", "-m", "pytest", "tests/bench", *timed, *quietly, *session.posargs, env=OFFLINE)


@nox.session(default=False)
def explore(session: nox.Session) -> None:
    """Break the mock under load as seeds draw it; `-- --seeds 500`, and what fails is shown as short as can be."""
    install(session)
    run(session, "python", "-m", "seatrials.cli", "explore", *session.posargs, env=OFFLINE)


@nox.session(default=False)
def mutants(session: nox.Session) -> None:
    """Run the scenarios on the broken platforms: each must be found by some scenario."""
    install(session, *(["generated"] if "--generated" in session.posargs else []))
    run(session, "seatrials", "mutants", *session.posargs, env=OFFLINE)


@nox.session(default=False)
def clients(session: nox.Session) -> None:
    """Run a served platform's clients that are no part of the project: the AWS CLI, the JavaScript SDK, Node."""
    install(session, "tests", "clients")
    run(session, "python", "-m", "pytest", "tests/clients", "-q", *session.posargs, env=OFFLINE)


@nox.session(default=False)
def contract(session: nox.Session) -> None:
    """Ask a served platform what Schemathesis makes of contract/, for two minutes; `-- --seconds N --seed N`."""
    install(session, "tests", "contract")
    run(session, "python", "-m", "pytest", "tests/contract", "-q", *session.posargs, env=OFFLINE)


@nox.session(default=False)
def report(session: nox.Session) -> None:
    """Make one Allure report over the newest runs of all environments."""
    install(session, "report")
    run(session, "python", "-m", "seatrials.cli", "report", *session.posargs, env=OFFLINE)


@nox.session(default=False)
def gate(session: nox.Session) -> None:
    """Decide on the evidence whether a release may go out."""
    install(session)
    is_remote = any("s3://" in argument for argument in session.posargs)
    # nox makes 1 of every exit code: who has to tell NO-GO from CANNOT TELL calls this command itself.
    run(session, "python", "-m", "seatrials.cli", "gate", *session.posargs, env={} if is_remote else OFFLINE)


@nox.session(default=False)
def seatrials(session: nox.Session) -> None:
    """Run another command of seatrials that needs no AWS, where nothing else is installed: `-- merge shards/*`."""
    install(session)
    run(session, "seatrials", *session.posargs, env=OFFLINE)


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Look at the gate's page and the report in Debian's chromium: first screen, contrast, keyboard, no request."""
    install(session, "tests", "browser", "report")
    # A file is looked at by one worker, which writes its pages once and has a browser of its own.
    shares = ("-n", "auto", "--dist", "loadfile")
    run(session, "python", "-m", "pytest", "tests/browser", "-q", *shares, *session.posargs, env=OFFLINE)


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the documentation as a site, in site/, without a network: a warning fails."""
    install(session, "docs", alone=True)
    # The theme speaks of its successor at every start.
    session.run("mkdocs", "build", "--quiet", *session.posargs, env={**OFFLINE, "NO_MKDOCS_2_WARNING": "1"})


@nox.session(default=False)
def tutorial(session: nox.Session) -> None:
    """Do what the tutorial says in a fresh checkout; `-- --keep` has it and docs/images show what was seen."""
    install(session, "tests", "browser", "report")
    run(session, "python", "-m", "pytest", "tests/tutorial", "-q", "-n", "0", *session.posargs, env=OFFLINE)


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Tell which lines no unit test runs."""
    install(session, "tests")
    run(session, "coverage", "run", "-m", "pytest", "tests/unit", "-q", *session.posargs, env=OFFLINE)
    session.run("coverage", "report")


if __name__ == "__main__":
    nox.main()
