"""How static files are collected: named by their content, compressed, stylesheets joined."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Redoc shows its makers' logo from their own server, which the content security policy forbids.
REDOC = "drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"
REDOC_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"
NO_PICTURE = "data:,"

_IMPORT = re.compile(r'^@import "([\w-]+\.css)";\n', re.MULTILINE)


class JoiningStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Replaces the imports of the project's stylesheets by the imported files.

    So a page fetches one stylesheet. A browser would fetch an import only after the file with it,
    and several files over a network take longer to the first paint than one.
    """

    def post_process(
        self, paths: dict[str, tuple[Any, str]], *args: Any, **options: Any
    ) -> Iterator[Any]:
        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        changed = InMemoryStorage()
        names = [name for name in paths if name.startswith("css/")]
        for name in names:
            source = _IMPORT.sub(lambda match: read(f"css/{match[1]}"), read(name))
            changed.save(name, ContentFile(source))
        if REDOC in paths:
            names.append(REDOC)
            changed.save(REDOC, ContentFile(read(REDOC).replace(REDOC_LOGO, NO_PICTURE)))
        yield from super().post_process(
            {**paths, **{name: (changed, name) for name in names}}, *args, **options
        )
