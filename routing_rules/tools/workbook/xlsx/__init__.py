"""The one room that knows openpyxl: the model of a workbook to the bytes of an .xlsx, and such bytes to cells.

What the sheets mean is not known here. Bytes that come in are bounded before openpyxl sees them.
"""
