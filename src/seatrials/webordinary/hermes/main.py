"""Hermes as a program: its parts, put together from what its container gives it."""

from seatrials.seams.application import Context
from seatrials.seams.http1 import HttpServer
from seatrials.webordinary.hermes.access_points import AccessPoints
from seatrials.webordinary.hermes.activation import Activations
from seatrials.webordinary.hermes.controller import Controller
from seatrials.webordinary.hermes.editor import EditorClient
from seatrials.webordinary.hermes.fleet import Fleet
from seatrials.webordinary.hermes.lock import ActivationLock
from seatrials.webordinary.hermes.placement import Placement
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.routes import Routes
from seatrials.webordinary.hermes.routing import Router
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import Table

PORT = 3000
# SIGKILL comes 30 s after SIGTERM.
_FAREWELL_SECONDS = 25
_FAREWELL_POLL_SECONDS = 0.05


class Hermes:
    """The session service of one container."""

    def __init__(self, context: Context) -> None:
        self._context = context
        variables = context.variables
        clock, log = context.clock, context.log
        balancer_url = variables["ALB_URL"]
        self.table = Table(clock, context.aws("dynamodb"), variables["SESSIONS_TABLE"])
        self.store = SessionStore(clock, self.table)
        namespace = variables["METRIC_NAMESPACE"]
        cloudwatch = context.aws("cloudwatch")
        self.publisher = Publisher(clock, cloudwatch, namespace, self.store, log, context.stopping)
        self.fleet = Fleet(context.aws("ecs"), variables["CLUSTER"], variables["EDIT_SERVICE"])
        where = variables["LISTENER_ARN"], variables["VPC_ID"], variables["CLUSTER"]
        self.router = Router(context.aws("elbv2"), *where)
        self.placement = Placement(
            clock=clock,
            store=self.store,
            fleet=self.fleet,
            router=self.router,
            access_points=AccessPoints(context.aws("efs"), variables["FILE_SYSTEM_ID"]),
            editor=EditorClient(context.http, balancer_url, context.network.resolve),
            publisher=self.publisher,
            log=log,
            worker=variables["ECS_TASK_ARN"],
        )
        self.controller = Controller(
            clock=clock,
            table=self.table,
            store=self.store,
            fleet=self.fleet,
            router=self.router,
            placement=self.placement,
            log=log,
        )
        self.activations = Activations(
            clock=clock,
            random=context.random,
            lock=ActivationLock(clock, self.table, context.random),
            store=self.store,
            balancer_url=balancer_url,
        )
        self.routes = Routes(
            clock=clock,
            version=variables["SERVICE_VERSION"],
            activations=self.activations,
            store=self.store,
            publisher=self.publisher,
            wake_controller=self.controller.wake,
            log=log,
        )

    def run(self) -> int:
        """Serve until the container is told to stop, then finish what is under way."""
        context = self._context
        server = HttpServer(context.clock, context.network, PORT, self.routes.handle)
        self.controller.start()
        self.publisher.start()
        context.log(f"hermes {context.variables['SERVICE_VERSION']} listens on {PORT}")
        context.stopping.wait()
        server.close()
        self.controller.stop()
        self._finish(server)
        context.log("hermes stopped")
        return 0

    def _finish(self, server: HttpServer) -> None:
        """Wait for requests and steps under way, and for what they change to be told, as long as there is time."""
        clock = self._context.clock
        give_up_at = clock.now() + _FAREWELL_SECONDS
        server.finish(_FAREWELL_SECONDS)
        while (self.controller.is_busy() or self.publisher.owes()) and clock.now() < give_up_at:
            clock.sleep(_FAREWELL_POLL_SECONDS)


def main(context: Context) -> int:
    """Run Hermes in *context*; return its exit code."""
    return Hermes(context).run()
