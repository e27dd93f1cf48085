"""The same application on Windsock's delivery over Flask-SocketIO, as `flask run` serves it.

`python -m bench.servers.windsock_stock PORT`
"""

from __future__ import annotations

import sys

from bench.servers.windsock_app import app, windsock

if __name__ == "__main__":
    windsock.start(app)
    app.run(port=int(sys.argv[1]), threaded=True)
