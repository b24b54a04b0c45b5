"""Correction: turns a page as OCR read it into a corrected page, and keeps every proposed edit with its verdict.

1. ``typography`` repairs what needs no language model: look-alikes in numbers, quotation marks, detached marks.
2. Two proposers suggest edits. ``rescore`` takes ``candidates`` for suspicious words, priced by the table of OCR
   ``confusions``; ``rewrite`` takes the model's free reply apart (``align``).
3. ``hard_rules`` says which edits no evidence allows, ``boxes`` what the image shows; ``judge`` weighs the others in
   nats, less the folder's boldness.
4. ``corrector`` runs these steps over one page. ``settings`` holds what a folder asks for: strategy, boldness and more.

From outside use ``Corrector``, ``CorrectionSettings`` and its functions, and ``Confusions``. The model comes in as a
``language_model.LanguageModel``; nothing here knows llama.cpp, files or processes. What counts as a word is in
``correct.lexicon``; what a second reader of the image says is in ``correct.two_readers``, and how
sure each number is, in ``correct.number_states``.
This room may import these three, ``document`` and ``errors``.
"""
