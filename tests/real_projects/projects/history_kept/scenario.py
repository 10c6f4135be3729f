"""Books that are written, changed, put on shelves and thrown away."""

from django.contrib.auth.models import User
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from tests.real_projects.projects.history_kept.models import Author, Book, Shelf


def calls():
    """Do one thing after the other; yield after each."""
    ann = User.objects.create_user("ann")
    yield
    for number in range(8):
        yield Author.objects.create(name=f"author {number}")
    for number in range(12):
        book = Book(title=f"book {number}", owner=ann, changed_by=ann if number % 2 else None)
        yield book.save()
        yield book.authors.set(Author.objects.all()[number % 4 : number % 4 + 3])
    yield from _changed()
    yield from _gone(ann)


def _changed():
    for number, book in enumerate(Book.objects.order_by("title")[:6]):
        book.title = f"{book.title}, revised"
        yield book.save()
        yield book.authors.remove(*book.authors.all()[:1])
        if number % 2:
            yield book.history.earliest().instance.save(force_update=True)  # as it was
    authors = [Author(name=f"late {number}") for number in range(20)]
    yield bulk_create_with_history(authors, Author)
    late = list(Author.objects.filter(name__startswith="late"))
    for author in late:
        author.name = author.name.upper()
    yield bulk_update_with_history(late, Author, ["name"])
    for number in range(3):
        shelf = Shelf.objects.create(name=f"shelf {number}")
        yield
        yield shelf.books.set(Book.objects.order_by("title")[number : number + 4])


def _gone(ann):
    yield Book.objects.order_by("title").first().delete()
    yield Author.objects.first().delete()
    yield Shelf.objects.first().delete()
    yield ann.delete()
    yield Author.objects.filter(name__startswith="LATE").delete()
