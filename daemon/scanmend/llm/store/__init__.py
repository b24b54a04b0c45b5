"""The GGUF files of models: found on this machine, else downloaded from the Hugging Face hub, checked and removed.

1. ``store.Store`` looks where the configuration says, in models_dir, in a Python package, in the hub's own cache.
2. ``gguf`` reads a file's header, and ``gguf_names`` its name: nothing is loaded that is not a whole language model.
3. What is missing, ``downloads.Downloads`` has brought by ``download_process``, a child with the hub's token. In it,
   ``hub`` chooses the files, ``hub_transfer`` streams them, ``hub_errors`` retries, and ``partial_file`` lets each
   grow, compares its SHA-256 and names it last. A download that was cut off is resumed, by whichever process.
4. ``verify`` compares and removes files; ``last_used`` remembers when a model was in use.

``store``, ``gguf``, ``downloads``, ``verify`` and ``last_used`` are for other rooms. It imports ``config``, ``fs``
and ``process``. ModelMissing: there is no such file; ModelError: it is of no use; StorageError: the disk's fault.
"""
