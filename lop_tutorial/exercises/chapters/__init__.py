"""The checks of the chapters, a module each, found by being here; TITLE is the chapter's, CHECKS are its checks."""
