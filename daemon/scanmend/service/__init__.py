"""The daemon: what ``scanmend run`` does until it is stopped.

One loop (``service``) sleeps until an event, a request or the next due moment wakes it, and then, in this order:
it collects the documents that have ended (``document_pool``); lists the inboxes that changed or are due
(``inbox_watcher``, told by events or polling: ``watch_mode``; ``gatherings`` are files that wait for others); pauses
folders that cannot be used (``folder_health``); begins documents that are due again and then new files, each folder in
turn (``dispatch``); unloads idle models; pings systemd (``sd_notify``) and writes the status file (``status_file``).

Around it: folders and glossaries at ``startup``, a changed configuration (``reload``), one daemon for each state folder
(``lock``), and a small heap. Threads and signal handlers only ask; the loop alone decides.

Others may use ``Service`` (cli, control), ``lock`` and ``status_file`` (control). This room may import jobs and
whatever stands before it; only control, commands and cli may import this room.
"""
