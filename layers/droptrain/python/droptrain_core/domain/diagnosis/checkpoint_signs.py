"""Messages of frameworks that can't load a checkpoint or weights.

Each sign is a pattern with the place where its words were seen; see `machine_signs`.
"""

# Of another model, or not written whole.
UNUSABLE = (
    (r"Unable to open table file|not an sstable|too short to be an sstable"
     r"|Key \S{1,200} not found in checkpoint|Restoring from checkpoint failed",
     "https://www.tensorflow.org/guide/checkpoint"),
    (r"Error\(s\) in loading state_dict for ", "https://pytorch.org/docs/stable/generated/torch.nn.Module.html"),
    (r"PytorchStreamReader failed|Invalid magic number; corrupt file\?",
     "https://github.com/open-mmlab/mmdetection/issues/4835"),
    (r"Layer count mismatch when loading weights|You are trying to load a weight file containing"
     r"|Weight count mismatch for (?:layer|top-level)|Received saved weight with shape",
     "https://github.com/keras-team/keras/issues/14206"),
    (r"Can't find a valid checkpoint at |No valid checkpoint found in output directory",
     "https://github.com/huggingface/transformers/pull/10777"),
    (r"Error while deserializing header: ", "https://github.com/huggingface/safetensors"),
)  # fmt: skip
# Data sets have these formats as well.
NO_HDF5 = (
    r"Unable to (?:synchronously )?open file \("
    r"(?:[Ff]ile signature not found|[Tt]runcated file|[Uu]nable to find a valid file)"
)
HDF5_SOURCE = "https://github.com/keras-team/keras/issues/19164"
NO_PICKLE = r"UnpicklingError: invalid load key"
PICKLE_SOURCE = "https://github.com/YBIGTA/pytorch-hair-segmentation/issues/38"
LOADERS = r"/(?:keras|tf_keras|torch)/|(?:site|dist)-packages/tensorflow/python/keras/"
