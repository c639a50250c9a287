"""The command line: one file per noun. A command parses words and prints; what it does lives elsewhere."""


def main() -> None:
    """Run the command line."""
