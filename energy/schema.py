"""What drf-spectacular cannot see by itself: the errors, and how to sign in."""

from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema

from energy.problems import MEDIA_TYPE

# Status: (its name in components.responses, when it is answered).
PROBLEMS = {
    400: ("BadRequest", "A parameter or field is wrong; `errors` names each."),
    401: ("Unauthorized", "Not signed in, or with credentials that do not hold."),
    403: (
        "Forbidden",
        "You see it, but you or this token may not do this; or the CSRF token is missing.",
    ),
    404: ("NotFound", "It does not exist, or not for you."),
    405: ("MethodNotAllowed", "This address has no such method."),
    406: ("NotAcceptable", "None of the media types asked for is offered."),
    409: ("Conflict", "It contradicts what is stored."),
    413: ("TooLarge", "The body is over the documented limit."),
    415: ("UnsupportedMediaType", "The body is of a media type that is not read here."),
    429: ("TooManyRequests", "Too often; `Retry-After` says how many seconds to wait."),
    503: ("Unavailable", "A database is away; `Retry-After` says how many seconds to wait."),
}
SUMMARIES = {
    "list": "List {many}",
    "create": "Add {a} {one}",
    "retrieve": "Read {a} {one}",
    "update": "Replace {a} {one}",
    "partial_update": "Change {a} {one}",
    "destroy": "Delete {a} {one}",
    "export": "The history of {a} {one} as a file.",
}
RETRY_LATER = (429, 503)

PROBLEM = {
    "type": "object",
    "description": "Problem details as in RFC 9457.",
    "required": ["type", "title", "status", "detail", "errors"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    },
    "example": {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "name: This Site already has a Device of that name.",
        "errors": [
            {
                "field": "name",
                "code": "unique",
                "message": "This Site already has a Device of that name.",
            }
        ],
    },
}
FIELD_ERROR = {
    "type": "object",
    "description": "What is wrong with one input.",
    "required": ["field", "code", "message"],
    "additionalProperties": False,
    "properties": {
        "field": {
            "type": "string",
            "description": "A parameter, or the path of a field such as `metrics.0.key`; empty "
            "for the request as a whole.",
        },
        "code": {"type": "string", "description": "Stable, for programs."},
        "message": {"type": "string", "description": "For people."},
    },
}


def describe_problems(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the shape of problem details and each named error to the schema's components."""
    components = result["components"]
    components["schemas"] |= {"Problem": PROBLEM, "FieldError": FIELD_ERROR}
    components["responses"] = {
        name: _response(status, text) for status, (name, text) in PROBLEMS.items()
    }
    return result


def _response(status: int, description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    response: dict[str, Any] = {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
    if status in RETRY_LATER:
        seconds = {"type": "integer", "minimum": 0}
        response["headers"] = {"Retry-After": {"required": True, "schema": seconds}}
    return response


class ProblemSchema(AutoSchema):
    """Adds to each operation the errors that it may answer."""

    def get_operation_id(self) -> str:
        if not hasattr(self.view, "action"):
            return super().get_operation_id()
        return f"{self.view.basename}_{self.view.action}"  # type: ignore[attr-defined]

    def get_summary(self) -> str | None:
        view: Any = self.view
        template = SUMMARIES.get(getattr(view, "action", ""))
        if template is None or super().get_summary():
            return super().get_summary()
        one = view.queryset.model._meta.verbose_name.capitalize()
        many = view.queryset.model._meta.verbose_name_plural.capitalize()
        return template.format(a="an" if one[0] in "AEIOU" else "a", one=one, many=many)

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            for status in sorted(self._problems(operation)):
                reference = {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"}
                operation["responses"].setdefault(str(status), reference)
        return operation

    def _problems(self, operation: dict[str, Any]) -> set[int]:
        statuses = {400, 401, 406, 429, 503}
        if operation.get("security"):
            statuses.add(403)
        parameters = operation.get("parameters", ())
        # A row that is not there, or a page past the end of a list.
        if any(each["in"] == "path" or each["name"] == "page" for each in parameters):
            statuses.add(404)
        if self.method not in ("GET", "HEAD"):
            statuses.add(409)
        if "requestBody" in operation:
            statuses |= {413, 415}
        return statuses | set(getattr(self.view, "further_problems", ()))


class CompleteResponses(OpenApiSerializerExtension):
    """Declares that a response has every field of a row, also those that a request may omit."""

    target_class = "rest_framework.serializers.ModelSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        # The library documents this method for extensions, in spite of its name.
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        if direction == "response":
            schema["required"] = sorted(schema["properties"])
        return dict(schema)


class WholeSessionScheme(SessionScheme):
    """The session cookie of the pages."""

    target_class = "accounts.authentication.WholeSessionAuthentication"
    priority = 0


class ApiTokenScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer <key>`; `Token <key>` is the same."""

    target_class = "accounts.authentication.ApiTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The key from `POST /api/v1/auth/login/` or `POST /api/v1/tokens/`, or "
            "from the account page. Its scope says what it may do: all that its user may, reading, "
            "or only sending readings. Anything else is a 403 with the code `token_scope`.",
        }
