"""The book as files: chapters and their outputs, what the pages are built with, the repository's address."""
