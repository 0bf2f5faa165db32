"""INFRA: the stack is what it should be, as its control plane describes it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from seatrials.platform import Platform, contract, patience
from seatrials.platform.infrastructure import Mount, ServiceFacts, TableFacts, TaskFacts
from seatrials.platform.listeners import GroupFacts
from seatrials.platform.scaling_rules import AlarmFacts, PolicyFacts, TargetFacts

NFS_PORT = 2049


@pytest.mark.scenario("INFRA-01")
@pytest.mark.production
def test_cluster_and_services_are_set_up_for_their_work(platform: Platform) -> None:
    """Cluster and services are ACTIVE, on Fargate, within their capacities, with a circuit breaker that rolls back."""
    cluster = platform.infrastructure.cluster_status()
    edit = platform.infrastructure.service("edit")
    hermes = platform.infrastructure.service("hermes")

    assert cluster == "ACTIVE"
    sound = ServiceFacts(
        status="ACTIVE",
        launch_type="FARGATE",
        capacity=(0, contract.TASKS_MAX),
        desired_in_capacity=True,
        circuit_breaker=True,
        rollback=True,
        least_and_most_percent=(100, 200),
        grace_seconds=60,
    )
    assert edit == sound, f"the edit service is not as agreed: {_otherwise(edit, sound)}"
    sound = replace(sound, capacity=(0, 2))
    assert hermes == sound, f"Hermes's service is not as agreed: {_otherwise(hermes, sound)}"


@pytest.mark.scenario("INFRA-02")
@pytest.mark.production
def test_the_table_has_its_keys_indexes_and_safeguards(platform: Platform) -> None:
    """The table has the contract's keys and indexes, expires items by ttl, can be restored, and is paid on demand."""
    names = platform.environment.names

    table = platform.infrastructure.table()

    agreed = TableFacts(
        key=("sessionId:S HASH", "userId:S RANGE"),
        indexes={
            names.client_index: ("clientId:S HASH", "status:S RANGE", "ALL"),
            names.activity_index: ("status:S HASH", "lastActivity:N RANGE", "ALL"),
        },
        billing="PAY_PER_REQUEST",
        ttl_attribute="ttl",
        point_in_time_recovery="ENABLED",
    )
    assert table == agreed, f"the session table is not as agreed: {_otherwise(table, agreed)}"


@pytest.mark.scenario("INFRA-03", extra_seconds=60)
@pytest.mark.production
def test_target_groups_check_and_drain_as_agreed(platform: Platform) -> None:
    """Every target group takes addresses, checks health and drains as agreed, and each container port has its own."""
    # Its task has target groups of its own, which Hermes makes.
    platform.ready()
    ports = platform.environment.ports
    listeners = platform.infrastructure.listeners

    setups = listeners.target_groups()
    agreed = GroupFacts(
        target_type="ip",
        protocol="HTTP HTTP1",
        sticky=False,
        health_check="HTTP traffic-port /health",
        interval_seconds=30,
        timeout_seconds=5,
        healthy_threshold=2,
        unhealthy_threshold=2,
        success_codes="200",
        deregistration_delay_seconds=contract.DRAIN_SECONDS,
    )
    others = {name: setup for name, setup in setups.items() if setup != agreed}

    assert setups, "the load balancer has no target group"
    assert others == {}, f"these target groups are not as agreed: {_otherwise_by_name(others, agreed)}"
    for service, agreed_ports in (("hermes", [ports.hermes]), ("edit", [ports.edit_api, ports.edit_preview])):
        registrations = listeners.registrations(service)
        told = f"the {service} service registers its container ports in groups of these ports: {registrations}"
        assert registrations == {port: port for port in agreed_ports}, told
    assert set(listeners.target_group_ports()) <= {ports.hermes, ports.edit_api, ports.edit_preview, ports.edit_hmr}


@pytest.mark.scenario("INFRA-04")
@pytest.mark.production
def test_listener_rules_are_those_of_the_contract(platform: Platform) -> None:
    """The listeners have exactly the contract's static rules, and rules of sessions only for live sessions."""
    ports = platform.environment.ports
    listeners = platform.infrastructure.listeners

    assert listeners.protocols() == {ports.http: "HTTP", ports.https: "HTTPS"}
    assert listeners.static_rules(ports.http) == [f"default: all → HTTP_301 to HTTPS:{ports.https}"]
    rules = listeners.static_rules(ports.https)
    agreed = [
        '1: path-pattern /health → 200 application/json {"status":"healthy"}',
        f"5: path-pattern /hermes/* → hermes:{ports.hermes}",
        f"610: path-pattern /api/* → edit:{ports.edit_api}",
        f"620: path-pattern /_astro/* /preview/* → edit:{ports.edit_preview}",
        'default: all → 404 application/json {"error":"not found"}',
    ]
    assert rules == agreed, f"the rules of the listener on {ports.https} are {_difference(rules, agreed)}"
    assert listeners.stray_session_rules() == [], "these rules are of sessions that are not live"


@pytest.mark.scenario("INFRA-05")
@pytest.mark.production
def test_scaling_follows_the_number_of_sessions(platform: Platform) -> None:
    """Alarms on live sessions scale in steps: none to 0, one or two to 1, more to 3; only CPU is tracked, upward."""
    names = platform.environment.names
    scaling = platform.infrastructure.scaling

    target, agreed_target = scaling.target(), TargetFacts(minimum=0, maximum=contract.TASKS_MAX, suspended=())
    assert target is not None, "the edit service has no scalable target"
    told = f"the scalable target of the edit service is not as agreed: {_otherwise(target, agreed_target)}"
    assert target == agreed_target, told
    assert scaling.step_policies() == {
        PolicyFacts(adjustment="ExactCapacity", cooldown_seconds=contract.COOLDOWN_SECONDS)
    }
    alarms_by_policy = scaling.alarms()
    alarms = {name: alarm for each in alarms_by_policy.values() for name, alarm in each.items()}
    agreed = AlarmFacts(
        metric=f"{names.metric_namespace} {names.metric}",
        statistic="Maximum",
        period_seconds=contract.ALARM_PERIOD_SECONDS,
        periods="1 of 1",
        unit_fits=True,
        silence_breaches=False,
        acts=True,
        acts_otherwise=False,
    )
    assert alarms, f"no alarm triggers the step policies {sorted(alarms_by_policy)}"
    others = {name: alarm for name, alarm in alarms.items() if alarm != agreed}
    assert others == {}, f"these alarms are not as agreed: {_otherwise_by_name(others, agreed)}"
    capacities = [scaling.capacities(sessions) for sessions in range(contract.SESSIONS_MAX + 1)]
    idle = [policy for policy, each in alarms_by_policy.items() if not each]
    told = f"for 0, 1, 2 … sessions the alarms' policies lead to so many tasks: {capacities}"
    told = f"no alarm triggers the policy {', '.join(idle)}; {told}" if idle else told
    assert capacities == [[0], [1], [1], *[[3]] * 10], told
    assert scaling.trackings() == ["ECSServiceAverageCPUUtilization at 40, adding only"]
    assert scaling.schedules() == [], "these scheduled actions change the count too"


@pytest.mark.scenario("INFRA-06", extra_seconds=patience.READY_SECONDS)
@pytest.mark.production
def test_workspaces_are_encrypted_apart_and_reachable(platform: Platform) -> None:
    """The file system is encrypted, roots each client apart, for a user who may write, and every task can mount it."""
    infrastructure = platform.infrastructure
    session = platform.sessions.start()
    clients_root = f"/workspace/{session.client_id}"

    platform.wait_until(
        lambda: clients_root in infrastructure.access_point_roots(),
        patience.READY_SECONDS,
        what="the client's access point",
        every_seconds=5,
    )
    roots = infrastructure.access_point_roots()
    shared = [root for root in roots if not re.fullmatch(r"/workspace/[^/]+", root)]
    unreachable = set(infrastructure.service_subnets("edit")) - set(infrastructure.mount_target_subnets())

    assert infrastructure.file_system()["Encrypted"] is True, "the file system is not encrypted"
    assert roots == sorted(set(roots)), "a client has more than one access point"
    assert shared == ["/workspace"], "beside the clients' own, only the service's access point may be there"
    assert unreachable == set(), "tasks may start in these subnets, which have no mount target of the file system"
    own = infrastructure.task_groups("edit")[0]
    for ingress in infrastructure.mount_ingress():
        assert [each.source for each in ingress if "/" in each.source] == [], "a range of addresses may mount"
        let_in = any(each.lets_in(NFS_PORT, own) for each in ingress)
        assert let_in, f"a mount target does not let in {own}, the tasks' group, on {NFS_PORT}: {ingress}"
    owners = infrastructure.access_point_owners()
    wrong = [(user, owner) for user, owner in owners if user == 0 or user != owner]
    assert wrong == [], f"these access points have root as their user, or a folder of another's: {wrong}"


@pytest.mark.scenario("INFRA-07")
@pytest.mark.production
def test_only_the_balancer_is_open_to_the_world(platform: Platform) -> None:
    """Tasks let in the load balancer's group only, and nothing lets in the world but the balancer's 80 and 443."""
    ports = platform.environment.ports
    infrastructure = platform.infrastructure

    balancer = infrastructure.balancer_groups()
    edit_groups = infrastructure.task_groups("edit")
    edit = infrastructure.ingress(edit_groups)
    hermes = infrastructure.ingress(infrastructure.task_groups("hermes"))
    edit_ports = [ports.edit_preview, ports.edit_hmr, ports.edit_api]

    assert infrastructure.open_to_the_world() == [f"balancer tcp {ports.https}", f"balancer tcp {ports.http}"]
    assert {each.source for each in (*edit, *hermes)} == set(balancer)
    closed = [port for port in edit_ports if not any(each.lets_in(port, balancer[0]) for each in edit)]
    told = (
        f"the security group of the edit tasks, {', '.join(edit_groups)}, does not let the load balancer in on {closed}"
    )
    assert closed == [], told
    let_in = any(each.lets_in(ports.hermes, balancer[0]) for each in hermes)
    assert let_in, f"the security group of Hermes does not let the load balancer in on {ports.hermes}: {hermes}"


@pytest.mark.scenario("INFRA-08")
@pytest.mark.production
def test_task_definitions_give_what_the_containers_need(platform: Platform) -> None:
    """Tasks have their size, ports, log group and encrypted workspace, and no secret in plain sight."""
    names, ports = platform.environment.names, platform.environment.ports
    infrastructure = platform.infrastructure

    workspace = Mount(path="/workspace", read_only=False, transit_encryption="ENABLED", through_access_point=True)

    edit, hermes = infrastructure.task("edit"), infrastructure.task("hermes")
    agreed = TaskFacts(
        cpu="2048",
        memory="4096",
        has_all_memory=True,
        ports=(ports.edit_preview, ports.edit_hmr, ports.edit_api),
        mounts=(workspace,),
        log_group=names.edit_log_group,
        log_region=platform.environment.region,
        is_root=False,
    )
    assert edit == agreed, f"the edit task definition is not as agreed: {_otherwise(edit, agreed)}"
    agreed = TaskFacts(
        cpu="512",
        memory="1024",
        has_all_memory=True,
        ports=(ports.hermes,),
        mounts=(),
        log_group=names.hermes_log_group,
        log_region=platform.environment.region,
        is_root=False,
    )
    assert hermes == agreed, f"Hermes's task definition is not as agreed: {_otherwise(hermes, agreed)}"
    stop_seconds = infrastructure.stop_seconds("edit")
    assert stop_seconds >= contract.STOP_SECONDS_MIN, f"the editor is killed {stop_seconds} s after SIGTERM"
    missing = [
        each for each in (names.edit_log_group, names.hermes_log_group) if not infrastructure.has_log_group(each)
    ]
    assert missing == [], "these log groups are not there"
    assert infrastructure.plaintext_secrets("edit") == [], "these variables of the edit container hold secrets"
    assert infrastructure.plaintext_secrets("hermes") == [], "these variables of Hermes hold secrets"


@pytest.mark.scenario("INFRA-09")
@pytest.mark.production
def test_nothing_below_tls_1_2_is_agreed_to(platform: Platform) -> None:
    """The TLS policy of the HTTPS listener allows TLS 1.2 and 1.3 only."""
    versions = platform.infrastructure.listeners.tls_protocols()

    assert versions, "the HTTPS listener's policy names no version of TLS"
    assert set(versions) <= {"TLSv1.2", "TLSv1.3"}


@pytest.mark.scenario("INFRA-10")
@pytest.mark.production
def test_the_runs_metrics_are_watched(platform: Platform) -> None:
    """Dashboard and alarms look at metrics that a run publishes; one run lets them fire at the contract's bounds."""
    names, monitoring = platform.environment.names, platform.infrastructure.monitoring

    published = monitoring.published()
    shown = monitoring.on_dashboards()
    alarmed = monitoring.in_alarms()

    assert shown, f"no dashboard {names.run_monitoring_prefix}* shows a metric of a run"
    assert alarmed, f"no alarm {names.run_monitoring_prefix}* looks at a metric of a run"
    assert shown - published == set(), "dashboards show these metrics, which no run publishes"
    assert alarmed - published == set(), "alarms look at these metrics, which no run publishes"
    assert {
        "Average TestSuccessRate LessThanThreshold 95",
        "Maximum ColdStartLatency GreaterThanThreshold 60",
        "Maximum TestCost GreaterThanOrEqualToThreshold 3",
    } <= monitoring.alarm_conditions()
    assert monitoring.deaf_alarms() == set(), "these alarms wait for more than one run tells"


@pytest.mark.scenario("INFRA-11")
@pytest.mark.production
@pytest.mark.needs("iam")
def test_the_credentials_are_good_for_a_run_and_no_more(platform: Platform) -> None:
    """The credentials in use allow what a run needs, and those of the tasks their work; none allow more."""
    infrastructure = platform.infrastructure
    credentials = infrastructure.credentials
    missing, excessive = credentials.missing(), credentials.excessive()
    of_edit, of_hermes = infrastructure.rights_beyond_its_work("edit"), infrastructure.rights_beyond_its_work("hermes")

    assert missing == [], f"a run needs, and may not do: {'; '.join(missing)}"
    assert excessive == [], f"a run may do what only an administrator may: {'; '.join(excessive)}"
    assert of_edit == [], f"the edit tasks may do, and need not: {'; '.join(of_edit)}"
    assert of_hermes == [], f"the tasks of Hermes may do, and need not: {'; '.join(of_hermes)}"


@pytest.mark.scenario("INFRA-12")
@pytest.mark.production
@pytest.mark.needs("versions")
def test_what_runs_is_the_release(platform: Platform) -> None:
    """Hermes and the editor report the versions that the release names."""
    session = platform.ready()
    hermes = platform.http.get("/hermes/status")
    editor = platform.http.get("/api/status", session.headers)
    release = platform.environment.release

    assert release is not None, "the environment names no release"
    assert (hermes.status, hermes.json()["version"]) == (200, release.hermes)
    assert (editor.status, editor.json()["version"]) == (200, release.edit)


def _difference(seen: Collection[object], agreed: Collection[object]) -> str:
    """Return what is otherwise than agreed; pytest would cut it."""
    others = [each for each in seen if each not in agreed]
    missing = [each for each in agreed if each not in seen]
    return f"not as agreed: {others or 'in another order'}; of those agreed these are missing: {missing or 'none'}"


def _otherwise_by_name(others: Mapping[str, object], agreed: object) -> str:
    """Return for each record that is otherwise than agreed its name and those fields."""
    return "; ".join(f"{name}: {_otherwise(other, agreed)}" for name, other in others.items())


def _otherwise(seen: object, agreed: object) -> str:
    """Return the fields of a record that are otherwise than agreed."""
    values = vars(agreed)
    return ", ".join(
        f"{name} is {value!r}, not {values[name]!r}" for name, value in vars(seen).items() if value != values[name]
    )
