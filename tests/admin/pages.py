"""What tests read from pages: links, text, forms."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

from django.test import Client

HREF = re.compile(r'<a\b[^>]*\bhref="([^"#]+)')
TAG = re.compile(r"<[^>]+>")
KEY = re.compile(r'name="form_key" value="([^"]+)"')


def text_of(response: Any) -> str:
    """What a person reads, in one line."""
    return " ".join(unescape(TAG.sub(" ", response.content.decode())).split())


def links_of(response: Any) -> list[str]:
    """The addresses of a page's links within the site, as one would get them."""
    here = response.request["PATH_INFO"]
    found = [urljoin(here, unescape(href)) for href in HREF.findall(response.content.decode())]
    return [url for url in dict.fromkeys(found) if url.startswith("/")]


def key_of(client: Client, url: str) -> str:
    """The key that a form is rendered with."""
    found = KEY.search(client.get(url).content.decode())
    assert found, f"{url} has no form key"
    return unescape(found[1])
