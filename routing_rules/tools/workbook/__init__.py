"""A ruleset as a workbook, and back: the workbook is a way in and out, the files stay the source.

Out: files → `tabling` → sheets (`sheets` is their model) → `xlsx`, the one room that knows openpyxl. Back: `opened`
cells → `changing` against the files that the workbook was made from → `filing` and `rewriting`, which touch the
characters of what was edited and no others. Bytes in, bytes out: no disk, no clock. Words come from `messages`.
"""
