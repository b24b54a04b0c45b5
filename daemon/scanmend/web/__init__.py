"""The page for people: what happens now, what is done, what failed, and what wants a person's eye.

1. ``routes`` has one handler for each view and each action; an action is a form that is posted, and ends in a redirect.
2. For each view a pure module makes plain values of what the daemon says: ``now``, ``done``, ``failed``, ``review``.
3. ``templates`` renders them; all that is put in is escaped. ``plots`` draws the small curves, ``history`` keeps them.
4. ``events`` tells browsers that something changed; they fetch the same page again, and exchange what is different.
5. ``static/page.js`` does that, and has the keys of the review. Without it the page reads and works all the same.

Only the server in ``control`` imports this room: ``routes.routes``, and for the policy of its answers nothing else.
"""
