"""Launch: a ready dataset becomes exactly one run, and the run becomes one Batch job.

`gather` reads, `decide` is pure, `commit` writes; `uploads` and `requests` connect them.
"""
