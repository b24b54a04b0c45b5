"""The page for people: what happens now, what is done, what failed, and what wants a person's eye.

1. ``routes`` has an address for each view and each action; an action is a form that is posted, and ends in a redirect.
   ``handling`` calls the handlers, ``views`` and ``review_views``, in threads, and turns errors into pages.
2. For each view a pure module makes plain values of what the daemon says: ``now``, ``done``, ``failed``; ``web.desk``.
3. ``templates`` renders them; all that is put in is escaped. ``plots`` draws the small curves.
4. ``static/page.js`` hears of changes, fetches the same page again, and exchanges what is different; it has the keys of
   the review, too. Without it the page reads and works all the same.

Only cli imports this room, and hands its routes to the server. May import: errors, document, fs, control, review.
"""
