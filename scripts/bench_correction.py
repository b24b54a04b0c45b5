#!/usr/bin/env python3
"""What correction does to OCR text, scored against ground truth: one row per set and way of correcting.

    bench_correction.py --scorer SCORE.py --pairs A.jsonl B.jsonl … --pages DIR … [--model NAME=FILE.gguf …]
                        [--ways rescore:bundled both:qwen15 …] [--half odd|even|all] [--limit N]

Pairs go through ``scanmend correct --jsonl``, page images through ``scanmend process``; the scorer is a Python file
with functions ``score(rows, fold)`` over rows of ``gt``, ``ocr`` and ``corrected``. Documents are split by a hash
of their id: the even half was used for tuning, so the odd half, the default, is the one to report.
"""
