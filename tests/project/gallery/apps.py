from django.apps import AppConfig


class GalleryConfig(AppConfig):
    name = "tests.project.gallery"
    label = "gallery"
