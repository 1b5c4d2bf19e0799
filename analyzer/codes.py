"""Exit codes of the commands (contract 4)."""

FAILED, USAGE, UNREADABLE, NOTHING = 1, 2, 3, 4  # the last: nothing that could be judged
