"""What `lop-tutorial` can do, one file a command: each reads its arguments, calls the rooms below, and prints."""

INTERRUPTED = 130  # the exit code 128 + SIGINT, as shells have it
