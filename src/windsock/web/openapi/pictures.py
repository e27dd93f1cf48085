"""The operations that answer with pictures."""

from __future__ import annotations

from windsock.web.badge import STYLES
from windsock.web.openapi import values
from windsock.web.openapi.pieces import (
    NO_SUCH_THING,
    UNAVAILABLE,
    Json,
    Operations,
    Place,
    answer,
    operation,
    parameter,
    ref,
    refusals,
)
from windsock.web.openapi.reading import CONDITION, THING, not_modified
from windsock.web.openapi.schemas import text

PICTURES = "Pictures"
_SVG = "image/svg+xml"


def operations(place: Place) -> Operations:
    """These operations, by address and method."""
    return {
        "/things/{thing}/badge.svg": {"get": _badge()},
        "/things/{thing}/image": {"get": _image(place)},
    }


def _badge() -> Json:
    drawn, styles = text(), ", ".join(f"`{style}`" for style in STYLES)
    example = "<svg xmlns='http://www.w3.org/2000/svg' width='200' height='20'>…</svg>"
    return operation(
        "getBadge",
        PICTURES,
        "A thing as a badge",
        "For a README or any page that shows pictures, to be asked for each time that it is shown. It is a badge also "
        "where there is nothing to say.",
        {
            "200": answer("The badge.", _SVG, drawn, example, {"ETag": ref("headers", "Tag")}),
            "304": not_modified(),
            "404": answer("There is no such thing.", _SVG, drawn, example),
            "503": answer("The store fails, or Windsock could not start.", _SVG, drawn, example),
        },
        [
            THING,
            CONDITION,
            parameter(
                "query", "title", "What stands on the left; empty: nothing. Without it the thing's title.", text()
            ),
            parameter(
                "query", "show", "What stands on the right: `label`, or the name of the `state`.", text(default="label")
            ),
            parameter("query", "style", f"{styles}; any other is the first.", text(default=next(iter(STYLES)))),
        ],
    )


def _image(place: Place) -> Json:
    location = {
        "description": "The path of the picture.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
        "example": values.thing(place)["image"],
    }
    return operation(
        "getImage",
        PICTURES,
        "The picture of a thing as it is now",
        "Leads to the picture of its state, or to the one that its page shows if there is none.",
        {
            "302": answer("Where the picture is.", "text/html", text(), "…", {"Location": location}),
            **refusals(NO_SUCH_THING, UNAVAILABLE),
        },
        [THING],
    )
