"""The REST interface described for programs (OpenAPI 3.1) and, from the same description, for people."""

from windsock.web.openapi.document import build
from windsock.web.openapi.routes import register

__all__ = ["build", "register"]
