"""Visitors of Django's admin, and what its pages contain."""

from html.parser import HTMLParser

from django.contrib.auth.models import Permission, User

VIEWED = ("view_deadletter", "view_processedfile", "view_logevent")


def visitor(client, *permissions):
    """A member of the staff with these permissions, logged in."""
    user = User.objects.create(username="operator", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


class Page(HTMLParser):
    """The elements of a page, each with its attributes, and its text."""

    def __init__(self, response):
        super().__init__()
        self.elements = []
        self.text = ""
        self.feed(response.content.decode())
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data + " "

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def addresses(self):
        """Where it leads to, and what it loads."""
        return [
            attributes[name]
            for _, attributes in self.elements
            for name in ("href", "src", "action")
            if attributes.get(name)
        ]

    def orders(self):
        """The orders that can be given on it."""
        return [button["value"] for button in self.all("button") if button.get("name") == "order"]
