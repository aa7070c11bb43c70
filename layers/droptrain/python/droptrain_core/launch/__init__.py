"""Launch: a dataset that is ready becomes a run, exactly once, and the run becomes one Batch job.

`gather` reads, `decide` is pure, `commit` writes; `uploads` and `requests` connect them.
"""
