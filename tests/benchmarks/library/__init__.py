"""An app with the kinds of models that real projects have."""
