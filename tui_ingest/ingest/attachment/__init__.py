"""A session that runs elsewhere, looked at and commanded from here. Nothing is applied by it.

observer    reports what the database and the files tell, as the session itself would
progress    what was applied before the first look, and between two
order_post  takes the orders of an operator here, for the observer to give
"""

from tui_ingest.ingest.attachment.observer import Observer
from tui_ingest.ingest.attachment.order_post import OrderPost
from tui_ingest.ingest.attachment.progress import recall

__all__ = ["Observer", "OrderPost", "recall"]
