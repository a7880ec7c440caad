"""Every route of the URL conf."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

# Not the project's own pages: Django's admin checks every model permission itself, and its views
# change with Django; each app's test_admin proves who may do what there.
EXCLUDED_NAMESPACES = {"admin"}


def routes() -> list[str]:
    """The names of all routes, with their namespace; a route without a name as its pattern."""
    return list(_routes(get_resolver(), ""))


def _routes(resolver: URLResolver, namespace: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield namespace + (entry.name or str(entry.pattern))
        elif entry.namespace not in EXCLUDED_NAMESPACES:
            yield from _routes(entry, f"{entry.namespace}:" if entry.namespace else namespace)
