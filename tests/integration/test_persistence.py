"""PERS: what a session leaves is there for the next one, and for nobody else."""

import hashlib
import shlex
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

import pytest

from seatrials.platform import Answer, Clock, Platform, Session, Workspace, contract, p95, patience

MEGABYTE = 1_000_000


@pytest.mark.scenario("PERS-01")
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("control")
def test_fifty_files_survive_the_task_that_wrote_them(platform: Platform) -> None:
    """50 files of every kind have the same SHA-256 after their task was stopped and a new session resumed."""
    request = platform.sessions.request(threadId="thread-of-the-files")
    first = platform.ready(request)
    files = _fifty_files()
    written = {path: platform.workspace(first).write(path, content) for path, content in files.items()}
    by_plain_path = platform.workspace(first).ask("GET", "/api/files/a+b.txt")
    # Another thread of the user has the working tree for a while, and should find none of it there.
    other = platform.ready({**request, "threadId": "another-thread"})
    others_files = platform.workspace(other).files()
    task = platform.sessions.host(first)
    with platform.faults.task_stopped(task):
        for session in (first, other):
            platform.sessions.deactivate(session)

    second = platform.ready(request)
    listed = platform.workspace(second).files()
    found = {path: platform.workspace(second).read(path) for path in files}
    lists = [platform.workspace(second).list_files() for _ in range(5)]
    for answer in (*written.values(), *found.values(), *lists):
        platform.sample("file_operation_seconds", answer.elapsed_seconds)
    kept = sum(found[path].content == content for path, content in files.items())
    platform.sample("files_retained_percent", 100 * kept / len(files), "percent")

    assert len(files) == 50
    assert (by_plain_path.status, by_plain_path.content) == (200, files["a+b.txt"])
    assert others_files == ["hello.md"]
    assert sorted(listed) == sorted([*files, "hello.md"])
    # However many files there are: among calls for one of them, those for all would be too few to show.
    assert p95([each.elapsed_seconds for each in lists]) < contract.FILE_OPERATION_SECONDS_MAX
    assert {path: answer.status for path, answer in written.items()} == dict.fromkeys(files, 200)
    assert {path: _sha256(answer.content) for path, answer in found.items()} == {
        path: _sha256(content) for path, content in files.items()
    }
    assert second.id != first.id
    assert platform.sessions.host(second) != task
    assert task not in platform.services.edit_task_arns()


@pytest.mark.scenario("PERS-02")
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("control")
def test_the_history_is_the_same_after_a_restart(platform: Platform) -> None:
    """Commits keep ids, authors, messages and order over a restart, and the next one's parent is the old HEAD."""
    session = platform.ready()
    workspace = platform.workspace(session)
    workspace.write("one.md", b"first")
    workspace.commit("The first of two")
    workspace.write("two.md", b"second")
    head = workspace.commit("The second of two\n\nwith a body, and ünïcode")
    before = workspace.git_log()

    _restart(platform, session)
    after = workspace.git_log()
    workspace.write("three.md", b"third")
    newest_id = workspace.commit("After the restart")
    newest, *older = workspace.git_log()

    assert [each["message"] for each in before[:2]] == [
        "The second of two\n\nwith a body, and ünïcode",
        "The first of two",
    ]
    assert after == before
    assert older == before
    assert (newest["id"], newest["message"], newest["parents"]) == (newest_id, "After the restart", [head])
    assert before[0]["id"] == head


@pytest.mark.scenario("PERS-03")
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("control")
def test_uncommitted_changes_survive_a_task_stop(platform: Platform) -> None:
    """A new file and a changed one, neither committed, are there after the task was stopped."""
    session = platform.ready()
    workspace = platform.workspace(session)
    workspace.write("page.md", b"as committed")
    workspace.commit("A page")
    workspace.write("page.md", b"shorter")
    workspace.write("drafts/new.md", b"never committed")
    changes = [change["path"] for change in workspace.git_status()["changes"]]

    _restart(platform, session)
    page = workspace.read("page.md")
    draft = workspace.read("drafts/new.md")

    assert changes == ["drafts/new.md", "page.md"]
    assert (page.status, page.content) == (200, b"shorter")
    assert (draft.status, draft.content) == (200, b"never committed")


@pytest.mark.scenario("PERS-04")
@pytest.mark.mock_only
def test_a_kill_in_the_middle_of_writing_harms_nothing_committed(platform: Platform) -> None:
    """After SIGKILL amid a write the session works within 2 minutes, its repository sound and its commits whole."""
    session = platform.ready()
    workspace = platform.workspace(session)
    committed, replacement = _bytes(1, 4 * MEGABYTE), _bytes(2, 4 * MEGABYTE)
    workspace.write("data.bin", committed)
    workspace.write("notes.md", b"committed, too")
    head = workspace.commit("Data and notes")
    task = platform.sessions.host(session)
    sent: list[str] = []
    killed: list[float] = []

    def sending() -> Iterator[bytes]:
        yield from (replacement[start : start + 65_536] for start in range(0, len(replacement), 65_536))
        sent.append("all of it")

    def kill_amid_the_write() -> None:
        platform.wait_until(lambda: sent, 30, what="the file to be on its way", every_seconds=0.005)
        workspace.run("touch .git/index.lock .git/HEAD.lock")  # as a git that is killed leaves them
        platform.let_pass(0.02, what="half of the time that EFS takes for a file of this size")
        with platform.faults.task_killed(task):
            killed.append(platform.clock.now())

    cut_short, _ = platform.in_parallel(lambda: workspace.write("data.bin", sending()).status, kill_amid_the_write)
    platform.wait_for_another_task(session, task)
    check = workspace.run("git fsck --full --strict --no-dangling 2>&1")
    recovery_seconds = platform.clock.now() - killed[0]
    data, notes = workspace.sha256("data.bin"), workspace.sha256("notes.md")
    committed_data = workspace.run("git show HEAD:data.bin | sha256sum | cut -c -64")
    newest_id = workspace.git_log()[0]["id"]
    worked = workspace.execute("Create a file named after.md with content: Still at work")

    assert cut_short == 502
    assert check == (0, "")
    assert recovery_seconds < contract.RECOVERY_SECONDS_MAX
    assert newest_id == head
    assert data == _sha256(committed), f"the large file, which was committed, is read with another SHA-256: {data}"
    assert notes == _sha256(b"committed, too"), f"the small file, which was committed, has another SHA-256: {notes}"
    assert committed_data == (0, f"{_sha256(committed)}\n")
    assert (worked.status, worked.json()["filesChanged"]) == (200, ["after.md"])
    assert "Still at work" in platform.sessions.preview(session).text


@pytest.mark.scenario("PERS-05")
@pytest.mark.staging
def test_threads_of_one_user_do_not_see_each_others_files(platform: Platform) -> None:
    """Two threads of a user have a branch each; however work goes from one to the other, no file leaks."""
    one = platform.sessions.request(threadId="thread-one", instruction="Create a file named one.md with content: One")
    two = {**one, "threadId": "thread-two", "instruction": "Create a file named two.md with content: Two"}
    first = platform.ready(one)
    firsts = platform.workspace(first)
    firsts.write("drafts/one.txt", b"not committed")
    firsts.write("one.md", b"One, changed")
    firsts.write("empty", b"")
    firsts.write("grüße.txt", b"not committed")
    firsts.write(".gitignore", b"*.log\n")
    firsts.write("debug.log", b"ignored")
    second = platform.ready(two)
    seconds = platform.workspace(second)
    seconds.write("drafts/two.txt", b"not committed either")

    seen_first, seen_second = firsts.files(), seconds.files()
    seen_first_again = firsts.files()
    fronts = [platform.sessions.preview(session).text for session in (first, second, first)]
    branches = [firsts.git_status()["branch"], seconds.git_status()["branch"]]

    assert branches == ["thread-thread-one", "thread-thread-two"]
    assert seen_first == [".gitignore", "debug.log", "drafts/one.txt", "empty", "grüße.txt", "one.md"]
    assert seen_second == ["drafts/two.txt", "two.md"]
    assert seen_first_again == seen_first
    assert firsts.read("drafts/one.txt").content == b"not committed"
    assert ["One, changed" in front for front in fronts] == [True, False, True]
    assert firsts.read("one.md").content == b"One, changed"
    assert seconds.read("one.md").status == 404
    assert firsts.read("two.md").status == 404


@pytest.mark.scenario("PERS-06")
@pytest.mark.staging
def test_a_workspace_says_whether_it_is_resumed(platform: Platform) -> None:
    """A first visit is not resumed; a later session of the same client and user is, at the same project path."""
    request = platform.sessions.request()
    first, opened_first = _first_visit(platform, request)
    colleague = {**request, "userId": f"{request['userId']}-colleague"}
    _, opened_by_colleague = _first_visit(platform, colleague)
    platform.sessions.deactivate(first)
    platform.wait_for_status(first, "expired")

    second = platform.ready({**request, "userId": first.user_id})
    opened_second = platform.workspace(second).open()

    assert opened_first["resumed"] is False, f"a first visit: {opened_first}"
    assert opened_by_colleague["resumed"] is False, f"a colleague's first visit: {opened_by_colleague}"
    assert opened_second["resumed"] is True, f"a later session of the same client and user: {opened_second}"
    assert opened_first["projectPath"] == f"/workspace/{first.client_id}/{first.user_id}/project"
    assert opened_second["projectPath"] == opened_first["projectPath"]


def _first_visit(platform: Platform, request: dict[str, Any]) -> tuple[Session, dict[str, Any]]:
    """Return a session of a user who has never been there, and what opening its workspace answers.

    A session whose task is scaled in meanwhile is opened once more on another, which resumes it rightly: then somebody
    else comes for the first time. The row before may have left as many tasks as there can be.
    """
    for visitor in range(1 + contract.TASKS_MAX):
        before = _stopped(platform)
        session = platform.ready({**request, "userId": f"{request['userId']}-{visitor}"})
        opened = platform.workspace(session).open()
        if _stopped(platform) == before:
            return session, opened
    pytest.fail(f"tasks were stopped during each of {1 + contract.TASKS_MAX} visits")


def _stopped(platform: Platform) -> set[str]:
    return {task["taskArn"] for task in platform.services.stopped_edit_tasks()}


@pytest.mark.scenario("PERS-07")
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("control")
def test_the_item_is_unchanged_by_a_restart_of_its_container(platform: Platform) -> None:
    """Every attribute of the item is the same after a restart, but for the task that it names."""
    metadata = {
        "source": {"channel": "e-mail", "labels": ["new", {"colour": "blue", "weights": [0.25, -3, 10**15]}]},
        "urgent": True,
        "nothing": None,
        "empty": {"text": "", "list": [], "map": {}},
    }
    session = platform.ready(platform.sessions.request(metadata=metadata))
    before = platform.sessions.item(session)
    assert before is not None
    assert before["metadata"] == {**metadata, "instruction": session.fields["metadata"]["instruction"]}

    _restart(platform, session)
    platform.let_pass(5, what="whatever else the restart may write")
    after = platform.sessions.item(session)

    assert after == {**before, "taskArn": platform.sessions.host(session)}
    assert platform.services.edit_task_arns() == [after["taskArn"]]


@pytest.mark.scenario("PERS-08")
@pytest.mark.staging
def test_every_kind_of_activity_moves_last_activity(platform: Platform) -> None:
    """Each kind of activity makes lastActivity strictly later, and ttl with it; a look of any kind leaves it alone."""
    session = platform.ready()
    files, http = platform.workspace(session), platform.http
    socket = platform.websockets.open(session.id)
    activities: dict[str, Callable[[], Answer]] = {
        "a keepalive": partial(platform.sessions.keepalive, session),
        "the preview": partial(platform.sessions.preview, session),
        "an instruction": partial(files.execute, "Create a file named more.md with content: More"),
        "a file that is written": partial(files.write, "src/pages/visited.md", b"# Visited\n"),
        "a page": partial(platform.sessions.preview, session, "/visited"),
        "a commit": partial(files.ask, "POST", "/api/git/commit", b'{"message": "Visited"}'),
    }
    looks: dict[str, Callable[[], object]] = {
        "an open WebSocket": socket.ping,
        "a message on it": partial(socket.say, {"type": "ping"}),
        "a status": partial(platform.sessions.status, session),
        "a list of sessions": partial(http.get, f"{contract.SESSIONS_PATH}/client/{session.client_id}"),
        "the preview's health": partial(platform.sessions.preview, session, "/health"),
        "the container's status": partial(http.get, "/api/status", session.headers),
        "a list of files": files.list_files,
        "a file that is read": partial(files.read, "more.md"),
        "whether a file exists": partial(files.exists, "more.md"),
        "git's status": files.git_status,
        "git's log": files.git_log,
    }

    # A container notes activity every five seconds at most, and what is a little late is not so by two more.
    moved = [name for name, ask in activities.items() if _moves(platform, session, ask, after_seconds=7)]
    platform.let_pass(7, what="the container to note activity again")
    looked = [name for name, ask in looks.items() if _moves(platform, session, ask, after_seconds=0)]
    item = platform.sessions.item(session)

    assert item is not None
    assert item["ttl"] == pytest.approx(item["lastActivity"] / 1000 + contract.TTL_SECONDS, abs=1)
    assert moved == list(activities)
    assert looked == []


def _moves(platform: Platform, session: Session, ask: Callable[[], object], *, after_seconds: float) -> bool:
    """Do something to a session some time after all else; return whether its lastActivity is later then."""
    platform.let_pass(after_seconds, what="time between two activities")
    before = _last_activity(platform, session)
    answer = ask()
    assert not isinstance(answer, Answer) or answer.status == 200, f"expected 200, got {answer}"
    return _last_activity(platform, session) > before


@pytest.mark.scenario("PERS-09")
@pytest.mark.production
def test_the_table_expires_and_can_be_recovered(platform: Platform) -> None:
    """The item's ttl is a number of seconds, the table expires items by it, and can be restored to any moment."""
    session = platform.sessions.start()
    item = platform.sessions.item(session)

    assert item is not None
    assert type(item["ttl"]) is int
    assert item["ttl"] == pytest.approx(item["lastActivity"] / 1000 + contract.TTL_SECONDS, abs=1)
    assert platform.sessions.ttl_attribute() == "ttl"
    assert platform.sessions.recovery_status() == "ENABLED"


@pytest.mark.scenario("PERS-10")
@pytest.mark.mock_only
def test_past_its_ttl_a_session_is_over_though_its_item_is_there(platform: Platform, clock: Clock) -> None:
    """Past its ttl every call of Hermes takes the session for over, and its preview soon ends; the item is there."""
    request = platform.sessions.request(threadId="thread-past-its-ttl")
    session = platform.ready(request)
    platform.let_pass(3, what="the container to note activity again when it is browsed")
    ttl = int(clock.now()) - 1
    platform.sessions.set_ttl(session, ttl)

    status_at_once = platform.sessions.status(session)
    platform.sessions.preview(session)
    item_at_once = platform.sessions.item(session)
    kept = platform.sessions.keepalive(session)
    listed = platform.http.get(f"{contract.SESSIONS_PATH}/client/{session.client_id}").json_list()
    again = platform.sessions.activate(request)
    platform.wait_until(
        lambda: platform.sessions.preview(session).status == 404,
        30,
        what="the session not to be served",
        every_seconds=2,
    )
    status_later = platform.sessions.status(session)
    item_later = platform.sessions.item(session)

    assert (status_at_once.status, status_later.status) == (410, 410)
    assert item_at_once is not None
    assert item_at_once["ttl"] == ttl
    assert kept.status == 410
    assert [(each["sessionId"], each["status"]) for each in listed] == [(session.id, "expired")]
    assert again.status == 201
    assert item_later is not None
    assert platform.workspace(session).ask("GET", "/api/files").status == 404


@pytest.mark.scenario("PERS-11")
@pytest.mark.mock_only
def test_a_later_ttl_rescues_an_item_and_deletion_leaves_nothing(platform: Platform, clock: Clock) -> None:
    """An item whose ttl moves forward in time stays; of a session whose item is deleted nothing is left."""
    groups_before = platform.balancer.every_group_name()
    kept, lost = platform.sessions.start(), platform.sessions.start()
    platform.wait_ready(kept)
    platform.wait_ready(lost)
    hosted_before = platform.sessions.hosted()
    # Hermes has looked when nothing was pending any more, and does so again in ten seconds: the deletion comes first.
    platform.let_pass(3, what="Hermes to look for the last time")

    with platform.faults.expiry_hurried(3):
        platform.sessions.set_ttl(lost, int(clock.now()) - 1)
        platform.sessions.set_ttl(kept, int(clock.now()) - 1)
        platform.let_pass(1, what="both items to be expired, and not yet deleted")
        platform.sessions.set_ttl(kept, int(clock.now()) + contract.TTL_SECONDS)
        platform.wait_until(lambda: platform.sessions.item(lost) is None, 10, what="one item to be deleted")
        browsed = platform.sessions.preview(lost)
        item_after_browsing = platform.sessions.item(lost)
        platform.let_pass(3, what="the other item's first time to be over as well")
        kept_item = platform.sessions.item(kept)
        platform.wait_until(
            lambda: platform.balancer.session_rules(lost.id) == [], 20, what="the rules to go", every_seconds=2
        )
        hosted_after = platform.sessions.hosted()
        platform.sessions.set_ttl(kept, int(clock.now()) - 1)
        platform.wait_until(lambda: platform.sessions.item(kept) is None, 10, what="the other item to be deleted")
    platform.let_pass(15, what="Hermes to clear away what is left")
    hosted_at_last = platform.sessions.hosted()
    platform.let_pass(45, what="the requests in flight of its task to be done, and its groups to go")

    assert sorted(hosted_before) == sorted([kept.id, lost.id])
    assert kept_item is not None
    assert (browsed.status, item_after_browsing) == (200, None)
    assert lost.id not in hosted_after
    assert platform.balancer.preview_targets(lost.id) == [], "a session without an item still has targets"
    assert (platform.sessions.status(lost).status, platform.sessions.preview(lost).status) == (404, 404)
    assert platform.balancer.session_rules(kept.id) == [], "a session without an item still has rules"
    assert hosted_at_last == [], "sessions without an item are still hosted"
    assert platform.balancer.every_group_name() == groups_before


@pytest.mark.scenario("PERS-12")
@pytest.mark.staging
def test_expiry_leaves_the_workspace_to_the_next_session(platform: Platform, clock: Clock) -> None:
    """The files of an expired session, committed and not, are there for the next session of the same work."""
    request = platform.sessions.request(threadId="thread-that-expires")
    first = platform.ready(request)
    platform.workspace(first).write("kept.md", b"committed")
    platform.workspace(first).commit("Something to keep")
    platform.workspace(first).write("drafts/kept.md", b"not committed")
    platform.sessions.set_ttl(first, int(clock.now()) - 1)
    platform.wait_for_status(first, "expired")

    second = platform.ready({**request, "instruction": "Create a file named second.md with content: Second"})
    workspace = platform.workspace(second)
    messages = [each["message"] for each in workspace.git_log()]

    assert second.id != first.id
    assert workspace.read("kept.md").content == b"committed"
    assert workspace.read("drafts/kept.md").content == b"not committed"
    assert workspace.files() == ["drafts/kept.md", "hello.md", "kept.md", "second.md"]
    # What was left uncommitted was committed by the session that left it, not with the next one's instruction.
    assert messages.index("Something to keep") > 1


@pytest.mark.scenario("PERS-13")
@pytest.mark.staging
@pytest.mark.needs("exec")
def test_a_client_cannot_reach_another_clients_files(platform: Platform) -> None:
    """Of two clients neither can list, read, write or traverse into the other's files, whatever the spelling."""
    request = platform.sessions.request(threadId="one-thread-name")
    # One name begins with the other, and both have a branch of one name: nothing may be mixed up by either.
    one = platform.sessions.start(request)
    two = platform.sessions.start({**request, "clientId": f"{one.client_id}-b"})
    platform.wait_ready(one)
    platform.wait_ready(two)

    assert _intrusion(platform, one, two) == REFUSED
    assert _intrusion(platform, two, one) == REFUSED


@pytest.mark.scenario("PERS-14")
@pytest.mark.staging
@pytest.mark.needs("exec")
def test_a_user_cannot_reach_another_users_files(platform: Platform) -> None:
    """Of two users of one client neither can list, read, write or traverse into the other's files."""
    request = platform.sessions.request(threadId="one-thread-name")
    one = platform.sessions.start(request)
    two = platform.sessions.start({**request, "userId": f"{one.user_id}-b"})
    platform.wait_ready(one)
    platform.wait_ready(two)

    assert _intrusion(platform, one, two) == REFUSED
    assert _intrusion(platform, two, one) == REFUSED
    roots = platform.infrastructure.access_point_roots()
    assert [root for root in roots if one.client_id in root] == [f"/workspace/{one.client_id}"]


@pytest.mark.scenario("PERS-15")
@pytest.mark.staging
def test_a_commit_is_in_no_other_workspaces_log(platform: Platform) -> None:
    """Sessions of another thread, user or client have none of a session's commits in their logs."""
    request = platform.sessions.request(threadId="thread-a")
    sessions = [
        platform.sessions.start(request),
        platform.sessions.start({**request, "threadId": "thread-b"}),
        # Another user, and yet the same one to whoever makes a folder's name of letters and digits alone.
        platform.sessions.start({**request, "userId": request["userId"].replace("@", ".")}),
        platform.sessions.start({**request, "clientId": f"{request['clientId']}-d"}),
        platform.sessions.start({**request, "userId": request["userId"].swapcase()}),
        platform.sessions.start({**request, "clientId": f"{request['clientId']}-D"}),
    ]
    for session in sessions:
        platform.wait_ready(session)
    workspaces = [platform.workspace(session) for session in sessions]
    commits = [
        _commit_of(workspace, "mine.md", f"By {session.id}")
        for workspace, session in zip(workspaces, sessions, strict=True)
    ]

    logs = [workspace.git_log() for workspace in workspaces]

    names = ["the first's log", "another thread's log", "another user's log", "another client's log"]
    names += ["the log of a user in other case", "the log of a client in other case"]
    commits_in = {
        name: [each["id"] for each in log if each["id"] in commits] for name, log in zip(names, logs, strict=True)
    }
    assert commits_in == {name: [each] for name, each in zip(names, commits, strict=True)}
    assert [log[0]["id"] for log in logs] == commits
    assert [[each["message"] for each in log if each["message"].startswith("By ")] for log in logs] == [
        [f"By {session.id}"] for session in sessions
    ]


@pytest.mark.scenario("PERS-16")
@pytest.mark.staging
@pytest.mark.needs("exec")
def test_the_access_point_roots_each_client(platform: Platform) -> None:
    """Each client has an access point at its own root, and sees no other client's directory even through exec."""
    # Names that differ by case alone are two clients, and so are one and another that goes on like its user.
    request = platform.sessions.request()
    client, user = request["clientId"], request["userId"]
    names = [(f"{client}a", f"2{user}"), (f"{client}a2", user), (f"{client}A", user)]
    # One after the other, so that the first two may well be in one container.
    one, three, two = [platform.ready(platform.sessions.request(clientId=each, userId=its)) for each, its in names]
    platform.workspace(three).write("secret.md", b"three's")
    platform.workspace(one).write("secret.md", b"one's")
    platform.workspace(two).write("secret.md", b"two's")

    roots = platform.infrastructure.access_point_roots()
    own = [platform.workspace(session).run("cat secret.md") for session in (one, two, three)]
    exit_code, _ = platform.workspace(one).run("exit 3")
    where = [platform.workspace(session).run("pwd") for session in (one, two, three)]
    whose = {"clientId": two.client_id, "userId": two.user_id, "threadId": two.thread_id}
    taken = platform.http.post("/api/init", whose, one.headers)
    stranger = platform.http.post("/api/exec", {"command": "ls"}, {contract.SESSION_HEADER: f"{one.id}0"})
    seen_by_one, seen_by_two = _seen_through_exec(platform, one, two), _seen_through_exec(platform, two, one)
    seen_of_three = _seen_through_exec(platform, one, three)

    own_roots = [f"/workspace/{each.client_id}" for each in (one, two, three)]
    assert sorted(root for root in roots if client in root) == sorted(own_roots)
    assert own == [(0, "one's"), (0, "two's"), (0, "three's")]
    assert exit_code == 3, f"`exit 3` has the exit code {exit_code}"
    assert (stranger.status, taken.status) == (404, 409)
    assert [each for each in (one.client_id, one.user_id, one.thread_id) if each in taken.text] == []
    assert where == [(0, f"/workspace/{each.client_id}/{each.user_id}/project\n") for each in (one, two, three)]
    assert seen_by_one == dict.fromkeys(seen_by_one, "")
    assert seen_by_two == dict.fromkeys(seen_by_two, "")
    assert seen_of_three == dict.fromkeys(seen_of_three, "")
    assert platform.workspace(one).files() == ["hello.md", "secret.md"]
    assert platform.workspace(two).files() == ["hello.md", "secret.md"]


@pytest.mark.scenario("PERS-17", extra_seconds=patience.STOPPED_SECONDS)
@pytest.mark.staging
@pytest.mark.exclusive(leaves=1)
@pytest.mark.needs("control")
def test_a_new_deployment_keeps_files_history_and_session(platform: Platform) -> None:
    """A session whose task a new deployment replaces keeps its files, its git history and itself."""
    session = platform.ready()
    workspace = platform.workspace(session)
    workspace.write("kept.md", b"committed")
    workspace.commit("Before the deployment")
    workspace.write("draft.md", b"not committed")
    task, log = platform.sessions.host(session), workspace.git_log()
    platform.services.redeploy_edit()

    platform.wait_for_another_task(session, task)
    platform.wait_until(
        lambda: platform.services.has_ended(task),
        patience.STOPPED_SECONDS,
        what="the old task's container to end",
        every_seconds=2,
    )
    status = platform.sessions.status(session).json()
    websocket = platform.websockets.attempt(session.id)

    assert platform.services.edit_task_arns() == [status["taskArn"]]
    assert (status["sessionId"], status["status"]) == (session.id, "active")
    assert workspace.files() == ["draft.md", "hello.md", "kept.md"]
    assert workspace.read("kept.md").content == b"committed"
    assert workspace.read("draft.md").content == b"not committed"
    assert workspace.git_log() == log
    assert platform.sessions.preview(session).status == 200
    assert websocket.status == 101
    assert len(platform.balancer.session_rules(session.id)) == contract.RULES_PER_SESSION


@pytest.mark.scenario("PERS-18", extra_seconds=patience.READY_SECONDS)
@pytest.mark.mock_only
@pytest.mark.needs("exec")
def test_an_end_waits_for_work_that_cannot_be_committed_yet(platform: Platform) -> None:
    """A session whose work cannot be committed drains until it can be, and leaves nothing; or for a minute at most."""
    request = platform.sessions.request(threadId="thread-that-waits")
    session = platform.ready(request)
    files = platform.workspace(session)
    files.write("drafts/work.md", b"not committed")
    # Of a repository within another nobody can commit the files.
    files.run("git init -q inner")
    platform.sessions.deactivate(session)
    platform.let_pass(20, what="Hermes to try")
    meanwhile = platform.sessions.stored_status(session)
    files.run("rm -r inner")
    platform.wait_for_status(session, "expired", 10)
    again = platform.workspace(
        platform.ready({**request, "instruction": "Create a file named next.md with content: N"})
    )
    messages = [each["message"] for each in again.git_log()]
    stuck = platform.ready()
    platform.workspace(stuck).run("git init -q inner")
    platform.sessions.deactivate(stuck)
    platform.wait_for_status(stuck, "expired", 90)

    assert meanwhile == "draining", f"the session is {meanwhile} while its work cannot be committed"
    assert again.files() == ["drafts/work.md", "hello.md", "next.md"]
    assert len(messages) == 3, f"expected a commit of the work that was left between two instructions, not {messages}"


@pytest.mark.scenario("PERS-19")
@pytest.mark.mock_only
@pytest.mark.needs("exec")
def test_a_conflict_that_a_command_leaves_is_committed_as_it_is_settled(platform: Platform) -> None:
    """The files of a conflict are told of until they are settled, by a removal too, and committed as they are then."""
    files = platform.workspace(platform.ready())
    code, output = files.run(CONFLICT)
    changed = [each["path"] for each in files.git_status()["changes"]]
    files.commit("Settled")
    unmerged = files.run("git ls-files --unmerged")

    assert (code, output) == (0, "")
    assert changed == ["changed.md", "removed.md"]
    assert unmerged == (0, "")
    assert files.files() == ["changed.md", "hello.md"]
    assert files.read("changed.md").content == b"settled\n"
    assert files.git_status()["changes"] == []
    assert files.git_log()[0]["message"] == "Settled"


# Two files on which a branch and another one part; of the second, one side has removed it, and so has who settles it.
CONFLICT = (
    "branch=$(git symbolic-ref --short HEAD); echo base > changed.md; echo base > removed.md; git add -A; "
    "git commit -q -m base; git checkout -q -b side; echo side > changed.md; echo side > removed.md; "
    "git commit -q -a -m side; git checkout -q $branch; echo ours > changed.md; git rm -q removed.md; "
    "git commit -q -a -m ours; git cherry-pick side >/dev/null 2>&1; echo settled > changed.md; rm -f removed.md"
)
REFUSED = {
    "listed": ["hello.md"],
    "read by its name": 404,
    "read through ..": 400,
    "read through encoded ..": 400,
    "read through dots encoded": 400,
    "read through twice encoded ..": 404,
    "read by an absolute path": 400,
    "read by an encoded absolute path": 400,
    "read through a link to the file": 400,
    "read through a link to the folder": 400,
    "asked for through ..": 400,
    "written through ..": 400,
    "written through encoded ..": 400,
    "written by an absolute path": 400,
    "written through a link to the file": 400,
    "written through a link to the folder": 400,
    "read and written by a name that no file can have": True,
    "shown through a link": False,
    "listed in the end": ["hello.md"],
    "the neighbour's files": ["hello.md", "secret.md"],
    "the neighbour's secret": b"nobody else's",
}


def _intrusion(platform: Platform, intruder: Session, victim: Session) -> dict[str, object]:
    """Let one session try to reach the other's files in every way; return what became of each try."""
    mine, others = platform.workspace(intruder), platform.workspace(victim)
    others.write("secret.md", b"nobody else's")
    folder = f"{victim.client_id}/{victim.user_id}/project"
    up, absolute = f"../../../{folder}", f"/workspace/{folder}"
    encoded, twice = up.replace("/", "%2F"), up.replace("../", "%252e%252e%252f")
    mine.run(f"ln -s {shlex.quote(f'{up}/secret.md')} file-link; ln -s {shlex.quote(up)} folder-link")
    found = {
        "listed": mine.files(),
        "read by its name": mine.read("secret.md").status,
        "read through ..": _refusal(mine.ask("GET", f"/api/files/{up}/secret.md")),
        "read through encoded ..": mine.ask("GET", f"/api/files/{encoded}%2Fsecret.md").status,
        "read through dots encoded": _refusal(mine.ask("GET", f"/api/files/{up.replace('..', '%2e%2e')}/secret.md")),
        "read through twice encoded ..": mine.ask("GET", f"/api/files/{twice}/secret.md").status,
        "read by an absolute path": mine.ask("GET", f"/api/files/{absolute}/secret.md").status,
        "read by an encoded absolute path": mine.ask(
            "GET", f"/api/files/{absolute.replace('/', '%2F')}%2Fsecret.md"
        ).status,
        "read through a link to the file": mine.read("file-link").status,
        "read through a link to the folder": mine.read("folder-link/secret.md").status,
        "asked for through ..": mine.exists(f"{up}/secret.md").status,
        "written through ..": _refusal(mine.ask("PUT", f"/api/files/{up}/secret.md", b"overwritten")),
        "written through encoded ..": mine.ask("PUT", f"/api/files/{encoded}%2Fplanted.md", b"planted").status,
        "written by an absolute path": mine.ask("PUT", f"/api/files/{absolute}/planted.md", b"planted").status,
        "written through a link to the file": mine.write("file-link", b"overwritten").status,
        "written through a link to the folder": mine.write("folder-link/planted.md", b"planted").status,
    }
    longest = f"{'x' * 300}.md"
    nameless = [mine.read(longest).status, mine.exists(longest).status, mine.write(longest, b"planted").status]
    # With which status is not laid down: it is a client's mistake, and no error of the container's own.
    found["read and written by a name that no file can have"] = set(nameless) <= {200, 400, 404}
    found["shown through a link"] = b"nobody else's" in platform.sessions.preview(intruder, "/file-link").content
    # What these are answered with is not laid down, but they may not get there.
    theirs = {"clientId": victim.client_id, "userId": victim.user_id, "threadId": victim.thread_id}
    platform.http.post("/api/init", theirs, intruder.headers)
    mine.run("rm file-link folder-link")
    found["listed in the end"] = mine.files()
    mine.execute(f"Create a file named {up}/planted.md with content: planted")
    found |= {"the neighbour's files": others.files(), "the neighbour's secret": others.read("secret.md").content}
    others.run("rm secret.md")
    return found


def _refusal(answer: Answer) -> int:
    """Return the status of the answer to a path with dots in it.

    AWS matches paths after URI normalization, which may lead such a one out of the API: then it is the load balancer
    that refuses it, with its default 404.
    """
    return 400 if (answer.status, answer.origin) == (404, "the load balancer itself") else answer.status


def _seen_through_exec(platform: Platform, looker: Session, other: Session) -> dict[str, str]:
    """Let a session look for another client's directory with a shell; return what each command printed."""
    client, project = shlex.quote(other.client_id), shlex.quote(f"{other.client_id}/{other.user_id}/project")
    commands = {
        "its folder above": f"test -e ../../../{client} && echo there",
        "its folder by name": f"test -e /workspace/{client} && echo there",
        "its name above": f"ls -a ../../.. | grep -F {client}",
        "its name in the root": f"ls -a /workspace 2>/dev/null | grep -F {client}",
        "its file above": f"cat ../../../{project}/secret.md 2>/dev/null",
        "its file by name": f"cat /workspace/{project}/secret.md 2>/dev/null",
        "its file through a link": f"ln -s ../../../{client} link; cat link/*/project/secret.md 2>/dev/null; rm link",
        "its file by a search": f"find -L ../../.. -path '*'{client}'*' -name secret.md",
        # Of the role, and of the process that a container of the mock is part of.
        "what its container knows": "env | grep -E '^(AWS_(CONTAINER|ACCESS|SECRET|SESSION)|PYTEST)' | cut -d= -f 1",
        "a file planted in it": f"(echo planted > ../../../{project}/planted.md) 2>/dev/null && echo written",
    }
    workspace = platform.workspace(looker)
    return {name: workspace.run(command)[1] for name, command in commands.items()}


def _fifty_files() -> dict[str, bytes]:
    """Return 50 files by path: nested, empty, with names of several scripts, and one of 5 MB."""
    plain = {f"src/pages/page-{number}.md": f"# Page {number}\n".encode() for number in range(21)}
    nested = {f"a/b/c/d/e/{number}/deep.txt": b"deep" * number for number in range(1, 11)}
    empty = {f"empty/{number}": b"" for number in range(5)}
    named = {
        "ünïcödé/Straße.md": "Grüße".encode(),
        "日本語/ページ.md": "こんにちは".encode(),
        "עברית.txt": "שלום".encode(),
        "emoji-🎉.md": "🎉".encode(),
        "with space & sign + 100%.txt": b"signs",
        "UPPER.TXT": b"upper",
        "upper.txt": b"lower",
        "a+b.txt": b"plus",
        ".well-known/security.txt": b"hidden",
        "windows.md": b"one\r\ntwo\r\n",
        "windows.html": b"<p>\r\n</p>\r\n",
    }
    binary = {"null.bin": bytes(range(256)), "lines.bin": b"\r\n\n\r" * 64, "large.bin": _bytes(0, 5 * MEGABYTE)}
    return {**plain, **nested, **empty, **named, **binary}


def _bytes(seed: int, count: int) -> bytes:
    return Random(seed).randbytes(count)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _commit_of(workspace: Workspace, path: str, text: str) -> str:
    """Write *text* to a file and commit it with *text* as the message; return the commit's id."""
    written = workspace.write(path, text.encode())
    assert written.status == 200, f"expected 200, got {written}"
    return workspace.commit(text)


def _last_activity(platform: Platform, session: Session) -> int:
    item = platform.sessions.item(session)
    assert item is not None, f"the table has no session {session.id}"
    return int(item["lastActivity"])


def _restart(platform: Platform, session: Session) -> None:
    """Have the session's task stopped, and wait until another one serves it."""
    task = platform.sessions.host(session)
    with platform.faults.task_stopped(task):
        platform.wait_for_another_task(session, task)
