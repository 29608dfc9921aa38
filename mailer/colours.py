"""The colours of mails, by grade and by kind."""

# White text on each of them reads well (WCAG AA), and they stay apart for colour-blind readers by brightness.
COLOURS = {
    "level-3": "#1d6fb8",
    "level-2": "#b45309",
    "level-1": "#c2410c",
    "extra": "#991b1b",
    "special": "#6d28d9",
    "incomplete": "#475569",
}
PLAIN, GREEN, AMBER, RED = "#1f4e79", "#15803d", "#b45309", "#b91c1c"
