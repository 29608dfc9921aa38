"""A case's story in a page anybody understands: one content, shown in a terminal or as a printable HTML page."""

from daemon.casepage.page import as_html
from daemon.casepage.parts import Story
from daemon.casepage.story import story_of
from daemon.casepage.terminal import say_story

__all__ = ["Story", "as_html", "say_story", "story_of"]
