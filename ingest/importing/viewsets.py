"""Imports of files over HTTP: bringing one, correcting what was understood, starting it."""

import json
from typing import Any, ClassVar

from django.conf import settings
from django.db import transaction
from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.parsers import DataAndFiles, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from energy.errors import TooLarge
from energy.parsers import StrictJSONParser
from energy.viewsets import ApiMixin
from ingest.importing.filters import ImportFilterSet
from ingest.importing.serializers import (
    ImportFieldsSerializer,
    ImportSerializer,
    ImportSummarySerializer,
    ImportUploadSerializer,
)
from ingest.importing.tasks import run_import
from ingest.importing.uploads import begin_import, correct_import, start_import
from ingest.models import Import


class UploadParser(MultiPartParser):
    """A form with a file. `mapping` may be sent several times, or once as a JSON array."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        parsed = super().parse(stream, media_type, parser_context)
        data: QueryDict = parsed.data.copy()
        # What a form in a browser sends along says nothing about the file.
        data.pop("csrfmiddlewaretoken", None)
        wishes = data.getlist("mapping")
        if len(wishes) == 1 and wishes[0].lstrip().startswith("["):
            data.setlist("mapping", _listed(wishes[0]))
        return DataAndFiles(data, parsed.files)


def _listed(text: str) -> list[Any]:
    try:
        wishes = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    return wishes if isinstance(wishes, list) else [text]


class ImportViewSet(ApiMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Files of readings that technicians bring to their Sites."""

    queryset = Import.objects.select_related("user", "site", "device__site")
    serializer_class = ImportSerializer
    filterset_class = ImportFilterSet
    parser_classes = (UploadParser, StrictJSONParser)
    max_body = "INGEST_MAX_BYTES"
    verb_permissions: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("GET", "HEAD"), "ingest.view_import"),
        "POST": "ingest.add_import",
        "PATCH": "ingest.change_import",
    }

    @extend_schema(request=ImportUploadSerializer, responses={202: ImportSerializer})
    def create(self, request: Request) -> Response:
        """Bring a file, and be told what it is taken for. Nothing of it is stored yet.

        A parameter that cannot be is 400. What is not understood is `failed`, with an `error` that
        says what was found and what to try; PATCH corrects what was understood, and `start/`
        imports it. A file has at most 16 MiB as sent (gzip is welcome) and 64 MiB unpacked, unless
        the installation says otherwise.
        """
        said = ImportUploadSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        upload = said.validated_data["file"]
        if upload.size > settings.INGEST_MAX_BYTES:
            raise TooLarge("The file is too large.", code="file_too_large", field="file")
        imported = begin_import(
            said.place(request.user),
            upload,
            said.asked,
            said.validated_data["mapping"],
            dry_run=said.validated_data["dry_run"],
        )
        return self._answer(imported, status.HTTP_202_ACCEPTED)

    @extend_schema(request=ImportFieldsSerializer, responses=ImportSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Correct what was understood: all that is said now takes the place of what was said."""
        imported = self.get_object()
        said = ImportFieldsSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        correct_import(imported, said.asked, said.validated_data["mapping"])
        return self._answer(imported, status.HTTP_200_OK)

    @extend_schema(request=None, responses={202: ImportSerializer})
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Import what was understood, in the worker; a dry run counts and stores nothing.

        Good rows are stored, and every bad one is listed in `rejected`.
        """
        imported = self.get_object()
        start_import(imported)
        transaction.on_commit(lambda: run_import(imported.pk))
        return self._answer(imported, status.HTTP_202_ACCEPTED)

    def get_serializer_class(self) -> Any:
        """A list has no more of each import than it shows."""
        return ImportSummarySerializer if self.action == "list" else ImportSerializer

    def _answer(self, imported: Import, code: int) -> Response:
        return Response(self.get_serializer(imported).data, status=code)
