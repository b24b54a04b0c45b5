"""Who holds which model: loads models when documents need them, shares them out, and unloads them when idle.

1. A document leases a model and waits its turn (``queue``); documents of one model hold it together.
2. The first page has the model loaded: its file is found, other models make room (``loaded_models``), the GPU is waited
   for, and a process is started with as many layers on the GPU as fit (``loader``, ``layer_fit``, ``layer_history``).
3. A page whose process crashes is tried once more with safe parameters; a model that keeps failing rests
   (``circuit_breaker``).
4. A model that is idle, changed, asked to go, or in the way of another program's GPU memory is unloaded at the next
   ``tick``: its process ends, and its memory is measured until it is back (``unload``, ``gpu_memory``).

``scheduler`` owns all state under one lock; the design is there. Other rooms use ``model_slot.ModelSlot``, and what it
is built with: ``state.policy_of``, ``model_process.Effects``, ``layer_history``. Imports ``config``, ``process``,
``correct`` (the task) and ``llm.store``; imported by jobs, service, commands and cli.
"""
