"""The answer to "created or copied?" on a page."""

from __future__ import annotations

import html

from ddpm.judging.headline import Headline
from ddpm.judging.headline import headline as headline


def headline_html(found: Headline, test: str = "") -> str:
    """The headline as HTML; ``test`` is a line that marks it as a test, empty for real samples."""
    badge = f'<p class="test">{html.escape(test)}</p>' if test else ""
    caveat = f'<p class="caveat">{html.escape(found.caveat)}</p>' if found.caveat else ""
    privacy = f'<p class="caveat">{html.escape(found.privacy)}</p>'
    return (
        f'<div class="verdict {found.mood}" role="status">{badge}<p class="numbers">{html.escape(found.numbers)}</p>'
        f'<p class="headline">{html.escape(found.answer)}</p>{caveat}{privacy}</div>'
    )
