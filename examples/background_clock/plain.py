"""A live clock in plain Flask-SocketIO: `python plain.py`, then open http://127.0.0.1:5000/."""

import threading
import time

from flask import Flask, render_template
from flask_socketio import SocketIO

# The page's two scripts come from npm: npm install jquery@4 socket.io-client@4
app = Flask(__name__, static_folder="node_modules", static_url_path="/scripts")
socketio = SocketIO(app, async_mode="threading")
thread = None
thread_lock = threading.Lock()


def background_thread():
    while True:
        now = time.strftime("%H:%M:%S")
        socketio.emit("message", {"data": "The clock ticks", "time": now}, namespace="/test")
        socketio.sleep(1)


@app.route("/")
def index():
    global thread
    with thread_lock:
        if thread is None:
            thread = socketio.start_background_task(background_thread)
    return render_template("plain.html")


# Flask-SocketIO drops a connection to a namespace that nothing handles.
@socketio.on("connect", namespace="/test")
def connect():
    pass


if __name__ == "__main__":
    socketio.run(app, allow_unsafe_werkzeug=True)
