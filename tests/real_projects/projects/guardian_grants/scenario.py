"""Rights that are given and taken."""

from django.contrib.auth.models import Group, Permission, User
from guardian.shortcuts import assign_perm, remove_perm

from tests.real_projects.projects.guardian_grants.models import Paper, Report


def calls():
    """Do one thing after the other; yield after each."""
    group = Group.objects.create(name="readers")
    yield
    yield group.permissions.set(Permission.objects.filter(codename__startswith="view_"))
    for name in ("ann", "bob"):
        user = User.objects.create_user(name)
        yield
        yield user.groups.add(group)
    for number in range(4):
        paper = Paper.objects.create(title=f"paper {number}")
        report = Report.objects.create(title=f"report {number}")
        yield
        for user in User.objects.all():
            yield assign_perm("guardian_grants.change_paper", user, paper)
            yield assign_perm("guardian_grants.change_report", user, report)
        yield assign_perm("guardian_grants.view_report", group, report)
    yield assign_perm("guardian_grants.delete_paper", group, Paper.objects.all())
    ann = User.objects.get(username="ann")
    yield remove_perm("guardian_grants.change_report", ann, Report.objects.first())
    papers = Paper.objects.filter(title__in=["paper 1", "paper 2"])
    yield remove_perm("guardian_grants.delete_paper", group, papers)
    yield Report.objects.first().delete()
    yield Paper.objects.first().delete()
    yield ann.delete()
    yield group.delete()
