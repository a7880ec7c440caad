"""Health probes for load balancers and supervisors."""

from django.db import connections
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from energy.problems import Problem, plain_problem, problem_of


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """Liveness: the process answers, without asking a database."""
    return JsonResponse({"status": "pass"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Readiness: 200 when every database answers, 503 otherwise."""
    problem = databases_answer()
    return JsonResponse({"status": "pass"}) if problem is None else plain_problem(problem)


def databases_answer() -> Problem | None:
    """What is wrong where a database does not answer, None where all do."""
    try:
        for connection in connections.all():
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
    except Error as error:
        return problem_of(error) or Problem(503, "A database does not answer.")
    return None
