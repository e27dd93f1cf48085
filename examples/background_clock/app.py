"""The same live clock with Windsock: `flask run`, then open http://127.0.0.1:5000/."""

import time

from flask import Flask, render_template

from windsock import Windsock

app = Flask(__name__)
app.config["WINDSOCK_STORE_URL"] = "memory:"  # nobody needs the history of a clock
windsock = Windsock(app)
clock = windsock.thing("clock")


@clock.watch(every="1s")
def read_clock():
    return time.strftime("The clock ticks: %H:%M:%S")


@app.route("/")
def index():
    return render_template("index.html")
