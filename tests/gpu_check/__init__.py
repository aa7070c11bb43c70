"""Shows on a machine with an NVIDIA GPU that GPUs are seen, used and measured: `make gpu-check`."""
