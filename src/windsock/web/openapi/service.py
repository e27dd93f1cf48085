"""The operations for those who run it: how it is, and what it offers."""

from __future__ import annotations

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST

from windsock.web.openapi import overview
from windsock.web.openapi.pieces import (
    JSON,
    KEY,
    UNAVAILABLE,
    Json,
    Operations,
    Place,
    answer,
    denials,
    json_answer,
    operation,
    ref,
    refusals,
    schema,
    security,
)
from windsock.web.openapi.reading import CONDITION, not_modified
from windsock.web.openapi.schemas import text

SERVICE = "The service"


def operations(place: Place) -> Operations:
    """These operations, by address and method."""
    return {
        "/api/v1/overview": {"get": _overview(place)},
        "/metrics": {"get": _metrics()},
        "/healthz": {"get": _health()},
        "/readyz": {"get": _readiness(place)},
        "/openapi.json": {"get": _document()},
    }


def _overview(place: Place) -> Json:
    return operation(
        "getOverview",
        SERVICE,
        "Everything that the operator's page shows",
        "Sources, the store, things, viewers, rates, and the newest messages that were set aside.",
        {
            "200": json_answer("It.", "Overview", overview.example()),
            **refusals(*denials(place, writes=False), UNAVAILABLE),
        },
        needs=security(place),
    )


def _metrics() -> Json:
    example = (
        "# HELP windsock_readings_total Readings recorded\n"
        "# TYPE windsock_readings_total counter\n"
        'windsock_readings_total{thing="cloud",result="changed"} 42.0\n'
    )
    metrics = answer("The counts.", CONTENT_TYPE_PLAIN_0_0_4, text(), example)
    metrics["content"][CONTENT_TYPE_LATEST] = {"schema": text(), "example": f"{example}# EOF\n"}
    return operation(
        "getMetrics",
        SERVICE,
        "Counts for Prometheus",
        "In the format that `Accept` asks for.",
        {"200": metrics, **refusals(UNAVAILABLE)},
    )


def _health() -> Json:
    return operation(
        "getHealth",
        SERVICE,
        "Whether the process is up",
        "It asks neither sources nor the store.",
        {"200": json_answer("It is.", "Health", {"status": "ok"})},
    )


def _readiness(place: Place) -> Json:
    failing = {"status": "failing", "reasons": ["azure-queue://mlqueue: the queue does not answer"]}
    down = refusals(UNAVAILABLE)["503"]
    down["description"] = "A source or the store fails, or Windsock could not start."
    down["content"][JSON] = {"schema": schema("Readiness"), "example": failing}
    return operation(
        "getReadiness",
        SERVICE,
        "Whether all sources and the store work",
        "Every failing source is told by its name; the whole texts of errors only to who may publish.",
        {"200": json_answer("They do.", "Readiness", {"status": "ok", "reasons": []}), "503": down},
        needs=[{}, {KEY: []}] if place.keyed else [],
    )


def _document() -> Json:
    return operation(
        "getDocument",
        SERVICE,
        "This document",
        "OpenAPI 3.1, as it is for this server.",
        {
            "200": answer(
                "The document.",
                JSON,
                {"type": "object", "required": ["openapi", "info", "paths"]},
                {"openapi": "3.1.0", "info": {"title": "Windsock", "version": "1"}, "paths": {}},
                {"ETag": ref("headers", "Tag")},
            ),
            "304": not_modified(),
        },
        [CONDITION],
    )
