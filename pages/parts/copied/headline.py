"""The answer to "created or copied?" on a page."""

from __future__ import annotations

import html

from ddpm.judging.headline import Headline


def headline_html(found: Headline, test: str = "") -> str:
    """The headline as HTML; ``test`` is a line that marks it as a test, empty for real samples."""
    badge = f'<p class="test">{html.escape(test)}</p>' if test else ""
    caveat = f'<p class="caveat">{html.escape(found.caveat)}</p>' if found.caveat else ""
    privacy = f'<p class="caveat">{html.escape(found.privacy)}</p>'
    return (
        f'<div class="verdict {found.mood}" role="status">{badge}<p class="headline">{html.escape(found.answer)}</p>'
        f'<p class="numbers">{html.escape(found.numbers)}</p>{caveat}{privacy}</div>'
    )


def waiting_html(done: float, what: str) -> str:
    """What stands in the headline's place until it is known: what is being done, and the share, 0..1, that is done."""
    return (
        '<div class="verdict waiting" role="status"><p class="headline">Is any of these a copy?</p>'
        f'<p class="numbers">{html.escape(what)} ...</p>'
        f'<div class="bar" aria-hidden="true"><i style="width:{100 * done:.0f}%"></i></div></div>'
    )
