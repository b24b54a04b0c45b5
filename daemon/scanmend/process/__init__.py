"""Child processes: how this program asks one something, and how much memory one may take.

Whatever may crash, hang or hold memory runs in a child: page workers, models, downloads. There is one protocol:

1. ``child.Child`` starts ``python -m MODULE`` in a session of its own, with a socket and a lifeline, without secrets.
2. ``ask`` sends a request; the child, in ``child.serve``, answers it, and reports progress meanwhile.
3. A child that dies, hangs or talks nonsense is killed, and ``ask`` raises ChildDied, or the class that was asked for.
4. When the parent dies, the lifeline breaks, and the kernel kills the child with all it started.

``turns`` says who asks next where several threads ask the same child.

``command`` runs what the administrator names, in limited time. ``rlimits`` bounds memory and file sizes within a child;
``memory`` tells what a process takes; ``malloc`` keeps a heap small. May import ``errors`` and ``document`` only.
"""
