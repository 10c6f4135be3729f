"""An embedded Django project, so that a log can be watched without having a project at hand."""
