"""The edit container's process: three ports over one set of sessions, until it is told to stop."""

from seatrials.seams.application import Context
from seatrials.seams.http1 import Handler, HttpServer
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.editor.answers import Route, signed
from seatrials.webordinary.editor.hmr import HotReload
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.routes import SERVICE, Api
from seatrials.webordinary.editor.sessions import Sessions

API_PORT = 8080
PREVIEW_PORT = 4321
HMR_PORT = 4322
# Well inside ECS's stop timeout of 30 s, after which the process is killed.
FINISH_SECONDS = 10.0


class Editor:
    """All state of one edit container."""

    def __init__(self, context: Context) -> None:
        self._context = context
        task_arn = context.variables.get("ECS_TASK_ARN", "")
        self.sessions = Sessions(context.root / "workspace", context.clock, task_arn.rpartition("/")[2], context.disk)
        self.activity = Activity(context)
        self.reload = HotReload(context.clock, self.sessions)
        self.preview = Preview(self.sessions, self.activity, task_arn)
        self.api = Api(context, self.sessions, self.activity, self.reload)
        self._signature = {"x-service": SERVICE, "x-task-arn": task_arn}

    def run(self) -> int:
        """Serve until SIGTERM, finish what is in flight, and return the exit code."""
        routes: dict[int, Route] = {
            API_PORT: self.api.route,
            PREVIEW_PORT: self.preview.route,
            HMR_PORT: self.reload.route,
        }
        clock, network = self._context.clock, self._context.network
        servers = [HttpServer(clock, network, port, self._handler(route)) for port, route in routes.items()]
        self._context.stopping.wait()
        for server in servers:
            server.close()
        for server in servers:
            if not server.finish(FINISH_SECONDS):
                self._context.log(f"stopping with requests in flight, unanswered after {FINISH_SECONDS:g} s")
        return 0

    def _handler(self, route: Route) -> Handler:
        return signed(route, self._signature)


def main(context: Context) -> int:
    """Serve as an edit container; the exit code is 0 after SIGTERM."""
    return Editor(context).run()
