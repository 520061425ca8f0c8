"""The command line: one thin file a command. A command reads, calls one function, renders, and returns an exit code."""
