"""What `lop-tutorial` can do, one file a command: each reads its arguments, calls the rooms below, and prints."""
