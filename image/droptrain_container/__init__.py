"""What runs in a training container: fetch, run, save, tell. Started with `python -m droptrain_container`."""
