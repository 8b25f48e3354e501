"""Which wheel carries which asset. Addresses hold a hash of the content, so browsers keep them."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

#: address -> (package, folder in it)
FOLDERS = {
    "/static": ("carealert.web", "static"),
    "/assets/leaflet": ("js_lib_leaflet", "static/js_lib_leaflet"),
    "/assets/htmx": ("js_lib_htmx", "static/htmx"),
}

_A_YEAR = "public, max-age=31536000, immutable"


class HashedFiles(StaticFiles):
    """Static files that a browser may keep for good where the address has the content's hash."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file; only a hashed address is kept for good."""
        response = await super().get_response(path, scope)
        hashed = scope.get("query_string", b"").startswith(b"v=")
        response.headers["Cache-Control"] = _A_YEAR if hashed else "no-cache"
        return response


def mount_assets(app: FastAPI) -> None:
    """Serve every asset from the wheel or folder that carries it."""
    for address in FOLDERS:
        app.mount(address, HashedFiles(directory=folder_of(address)), name=address)


def folder_of(address: str) -> Path:
    """The folder on disk behind an asset address."""
    package, inside = FOLDERS[address]
    return Path(str(files(package))) / inside


@cache
def url_of(address: str) -> str:
    """`/static/site.css` -> `/static/site.css?v=1a2b3c4d`; KeyError for an unknown folder."""
    folder, _, name = address.rpartition("/")
    content = (folder_of(folder) / name).read_bytes()
    return f"{address}?v={sha256(content).hexdigest()[:10]}"
