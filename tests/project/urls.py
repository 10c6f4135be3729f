"""The admin, and one more for the logs that are applied to another database."""

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.urls import path

from tui_ingest.admin import register

operations = AdminSite("operations")
register(operations, database="postgres")

urlpatterns = [path("admin/", admin.site.urls), path("operations/", operations.urls)]
