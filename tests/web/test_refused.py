from __future__ import annotations

import pytest

from windsock.web.refused import refused

POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-abc'; img-src 'self' data:"


@pytest.mark.parametrize(
    ("page", "what"),
    [
        ("<script>go()</script>", "an inline script"),
        ("<script type=module>go()</script>", "an inline script"),
        ("<script type=' Text/JavaScript '>go()</script>", "an inline script"),
        ('<script src="https://cdn.example/x.js"></script>', "a script from elsewhere (https://cdn.example/x.js)"),
        ('<script src="//cdn.example/x.js"></script>', "a script from elsewhere (//cdn.example/x.js)"),
        ('<link rel=stylesheet href="https://x/y.css">', "a style sheet from elsewhere (https://x/y.css)"),
        ('<img src="http://x/y.png">', "a picture from elsewhere (http://x/y.png)"),
        ("<p onclick='go()'>", "onclick at a <p>"),
        ("<body ONLOAD=go()>", "onload at a <body>"),
        ("<div onpointerdown=go()>", "onpointerdown at a <div>"),
        ("<p style='color: red'>", "style at a <p>"),
        ("<style>p { color: red }</style>", 'a style without nonce="{{ nonce }}"'),
        ("<style nonce=other>p { color: red }</style>", 'a style without nonce="{{ nonce }}"'),
        ("<a href=' JavaScript:go()'>go</a>", "a link that is a script"),
        ("<iframe src=/embed></iframe>", "an <iframe>"),
    ],
)
def test_what_no_browser_will_use_is_named_with_what_to_do(page: str, what: str) -> None:
    [said] = refused(page, POLICY)
    assert said.startswith(f"has {what}, which no browser will ")


@pytest.mark.parametrize(
    "page",
    [
        "<!doctype html><title>A page</title>",
        '<script src="/own/x.js"></script><link rel=stylesheet href="/own/x.css"><img src="/own/x.png">',
        "<img src='data:image/svg+xml,x'><a href='https://elsewhere.example/'>elsewhere</a>",
        "<script type='application/json'>{}</script><script type='text/x-handlebars'><p></script>",
        "<style nonce=abc>p { color: red }</style>",
        "<div once only='x' on one></div>",
        "<!-- <p onclick='go()'> --> &lt;p onclick=&quot;go()&quot;&gt;",
        "<script src='/own/x.js'>if (a < b) { '<p onclick=go()>' }</script>",
    ],
)
def test_what_browsers_use_is_not_named(page: str) -> None:
    assert [] == refused(page, POLICY)
