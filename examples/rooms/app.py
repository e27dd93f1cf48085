"""Rooms to talk and draw in, in plain Flask-SocketIO: `windsock run app:app`, then open http://127.0.0.1:5000/."""

import os
import secrets

from flask import Flask, redirect, render_template, request, session, url_for
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import Namespace, SocketIO, emit, join_room, leave_room, rooms

# The page's two scripts come from npm: npm install jquery@4 socket.io-client@4
app = Flask(__name__, static_folder="node_modules", static_url_path="/scripts")
app.secret_key = os.environ.get("SECRET_KEY") or secrets.token_hex()
socketio = SocketIO(app)
desk_key = os.environ.get("DESK_KEY")
sketches = {}  # the last one of each room


@app.route("/")
def index():
    return render_template("index.html")


@app.post("/name")
def choose_name():
    session["name"] = request.form["name"]
    return redirect(url_for("index"))


# What the page put into the session, a socket that is opened later finds there.
def name():
    return session.get("name", "Somebody")


@socketio.on("join")
def join(room):
    join_room(room)
    emit("joined", {"room": room, "name": name()}, to=room, include_self=False)
    return {"name": name(), "sketch": sketches.get(room)}  # an acknowledgement, with bytes in it


@socketio.on("leave")
def leave(room):
    leave_room(room)
    emit("left", {"room": room, "name": name()}, to=room)


@socketio.on("say")
def say(room, text):
    if room not in rooms():
        return "Join the room first"
    emit("said", {"room": room, "name": name(), "text": text}, to=room)
    return "ok"


@socketio.on("draw")
def draw(room, image):
    if room not in rooms():
        return "Join the room first"
    sketches[room] = {"room": room, "name": name(), "image": image}
    emit("drawn", sketches[room], to=room)
    return "ok"


@socketio.on("bell")
def bell(room, seconds):
    socketio.start_background_task(ring, room, seconds)


def ring(room, seconds):
    socketio.sleep(seconds)
    socketio.emit("rang", {"room": room}, to=room)


class Desk(Namespace):
    """Who knows the key may speak to all rooms at once."""

    def on_connect(self, auth):
        if not desk_key or auth != {"key": desk_key}:
            raise Refused("The desk needs its key")
        session["announcements"] = 0

    def on_announce(self, text):
        session["announcements"] += 1
        emit("announced", {"text": text}, namespace="/", broadcast=True)
        return session["announcements"]


socketio.on_namespace(Desk("/desk"))


if __name__ == "__main__":
    socketio.run(app, allow_unsafe_werkzeug=True)
