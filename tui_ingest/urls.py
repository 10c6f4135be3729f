"""For a project's urls: `path("ingest/", include("tui_ingest.urls"))`."""

from django.urls import path

from tui_ingest import views

app_name = "tui_ingest"
urlpatterns = [path("metrics", views.metrics, name="metrics")]
