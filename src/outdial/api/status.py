"""How the process is: for load balancers, supervisors and Prometheus. Open to anybody who can reach the listener."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from outdial.api.parts import parts_of


async def alive(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


async def ready(request: Request) -> Response:
    """Whether calls are taken, and if not, why."""
    health = await parts_of(request).health()
    reasons = [
        reason
        for fine, reason in (
            (health.database, "the database does not answer, or can not be written"),
            (health.switch, "the switch can't be reached"),
            (health.switch_trouble is None, f"the switch can't call or be called: {health.switch_trouble}"),
            (health.accepting, "no new calls are taken"),
        )
        if not fine
    ]
    said = {
        "status": "ready" if health.ready else "not ready",
        "database": health.database,
        "switch": health.switch,
        "accepting": health.accepting,
        "switchVersion": health.switch_version,
        "reasons": reasons,
    }
    return JSONResponse(said, 200 if health.ready else 503, None if health.ready else {"Retry-After": "5"})


async def metrics(request: Request) -> Response:
    """Prometheus' page."""
    body, content_type = parts_of(request).metrics()
    return Response(body, headers={"Content-Type": content_type})
