"""The polls of Django's tutorial, with the article's keys."""
