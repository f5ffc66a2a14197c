"""What the frame's own templates need beside the figures."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from credits.web.feedback import undo_url

register = template.Library()


@register.simple_block_tag
def kept(content: SafeString) -> SafeString:
    """Keep what is rendered once for several places: `{% kept as title %}...{% endkept %}`."""
    return mark_safe(content.strip())  # noqa: S308 - the template has escaped it already.


@register.filter
def undo_of(extra_tags: str | None) -> str:
    """The address at which what a message tells of can be undone, or nothing."""
    return undo_url(extra_tags or "")
