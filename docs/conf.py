"""How the documents become a site: `make docs`. They stay what a code host shows as they are; see decision 17."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

project = "Windsock"
version = release = installed("windsock")
language = "en"

# The root of the checkout is the source, so that links between all documents are what they are there.
root_doc = "docs/index"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**.md", "bench/README.md", "examples/**.md"]
exclude_patterns = ["**/.*", ".*", "**/node_modules", "node_modules", "docs/_build", "src", "tests", "tools"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "tools.docs.generated", "tools.docs.names"]

myst_heading_anchors = 4  # named as code hosts name them

# In docstrings, `name` is a link if Windsock documents that name, and code if not.
default_role = "py:obj"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
add_module_names = False
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"
# Documented by others; nothing is fetched to find out where.
nitpick_ignore_regex = [("py:.*", r"(collections|contextlib|datetime|flask|flask_socketio|markupsafe)\..*")]

nitpick_ignore = [("py:class", "windsock.web.thing.F")]  # the function that is decorated, whatever its type

html_theme = "furo"
html_title = "Windsock"
html_static_path = ["_static"]
html_extra_path = ["_extra"]
html_css_files = ["site.css"]
html_favicon = html_logo = "../src/windsock/web/static/logo.svg"
html_show_search_summary = False  # it would have to fetch pages, which none from a file may
html_copy_source = html_show_copyright = html_use_index = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#b83210", "color-brand-content": "#1f5fae"},
    "dark_css_variables": {"color-brand-primary": "#ff9a66", "color-brand-content": "#7db4f5"},
}
highlight_language = "text"  # of code that does not say what it is
pygments_dark_style = "github-dark"
