"""A language model on a server that speaks OpenAI's protocol: llama.cpp's server, vLLM, Ollama and others.

1. ``endpoint`` says where a model is asked, and reads the key; it is light enough for the daemon.
2. ``wire`` writes requests and takes replies apart, which are untrusted; ``retries`` says what is tried again; pure.
3. ``client``, the only importer of httpx2, asks within a deadline, a bounded number of requests at a time.
4. ``probe`` finds out once whether the server gives log-probabilities of a prompt, and whether these are right.
5. ``model`` is the server as correction sees it. ``host`` is the process in which pages are corrected: proposers,
   judge and word lists are there as with a local model, only the weights are elsewhere.

Others use ``endpoint`` and ``probe``; ``host`` is started by its module name.
May import: errors, document, config, process, correct, correct.lexicon.
"""
