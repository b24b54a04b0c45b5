"""The language model: its files, the process it runs in, and who may use it when.

- ``store``: finds the GGUF file of a configured model on this machine, or downloads it.
- ``inference``: runs in the model's own process; loads the GGUF with llama.cpp and corrects page after page.
- ``scheduler``: runs in the daemon; starts such a process when a document needs the model, and ends it when idle.

llama.cpp is imported in the model's process only, so that ending the process gives back all memory that the model took.
Other rooms use ``scheduler.model_slot`` to have pages corrected, and ``store`` to manage model files. No room imports
``inference``, which is started by its module name.
"""
