"""No page of this site is asked for."""

urlpatterns = []
