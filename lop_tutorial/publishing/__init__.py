"""The book as files: chapters and their outputs, what the pages are built with, the repository's address."""


class BookError(ValueError):
    """Something about the book's files is wrong or missing; the message says what, and what to do."""
