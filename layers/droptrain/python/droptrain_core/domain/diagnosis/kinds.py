"""The causes of a run's end: the meaning and the fix of each, and whether retrying unchanged can help."""

from droptrain_core.domain.diagnosis.kind import Kind

_TYPES = "the stack's parameter InstanceTypes"
_WITHOUT_GPUS = "for a run without GPUs"

# AWS took or refused the machine.
RECLAIMED = Kind(
    "reclaimed", "Spot reclaimed the instance on each of {detail}.",
    "Raise `attempts` in train.yaml, or set `spot: never` to train on on-demand instances.", True,
)  # fmt: skip
INSTANCE_LOST = Kind(
    "instance_lost", "The on-demand instance was terminated while the job ran ({detail}).",
    "Launch the dataset again. If it happens again, look up in EC2 why the instance was terminated.", True,
)  # fmt: skip
LOST_AFTER_END = Kind(
    "lost_after_end",
    "The training ended well and its model is uploaded, but then AWS lost the container ({detail}).",
    "Use the model in the run's folder: `droptrain get`. The project's latest model stays the one before; "
    "to change that, launch the dataset again.", None,
)  # fmt: skip
TIMEOUT = Kind(
    "timeout", "The training took longer than its timeout, over all its attempts.",
    "Raise `timeout` in train.yaml, or train less. The last checkpoint is saved in the run's folder.", False,
)  # fmt: skip
OVER_RESERVATION = Kind(
    "over_reservation", "The run's cost exceeded its reservation, so it was ended. {detail}",
    "Launch the dataset again: a new estimate uses today's prices. Raise `timeout` or the budget if the run "
    "needs more.", None,
)  # fmt: skip
CANCELLED = Kind("cancelled", "{detail}.", "If this was a mistake, launch the dataset again.", None)
NO_CAPACITY = Kind(
    "no_capacity", "AWS had no instance for the job until its waiting time was over ({detail}).",
    f"Launch the dataset again later, set `spot: never` in train.yaml, or add types to {_TYPES} "
    f"(CpuInstanceTypes {_WITHOUT_GPUS}).", True,
)  # fmt: skip
TOO_MANY_VCPUS = Kind(
    "does_not_fit", "The job requests more vCPUs than the stack may use at once.",
    "Lower `resources.vcpus` in train.yaml, or raise the stack's parameter MaxvCpus (CpuMaxvCpus "
    f"{_WITHOUT_GPUS}).", False,
)  # fmt: skip
TOO_LARGE = Kind(
    "does_not_fit", "No instance type of the stack has the GPUs, vCPUs and memory that the job requests.",
    f"Lower `resources` in train.yaml, or add larger types to {_TYPES} (CpuInstanceTypes "
    f"{_WITHOUT_GPUS}).", False,
)  # fmt: skip
NO_QUOTA = Kind(
    "no_quota", "The account's quota of vCPUs for these instances is used up, or 0 ({detail}).",
    "Request more in Service Quotas, EC2: `All G and VT`, `All P` or (without GPUs) `Standard`, separately "
    "for Spot and on-demand (docs/deploying.md).", False,
)  # fmt: skip
FREE_PLAN = Kind(
    "free_plan", "The account is on AWS's Free plan, in which EC2 starts no GPU instance ({detail}).",
    "Upgrade the account to the Paid plan (docs/deploying.md), then launch the dataset again.", False,
)  # fmt: skip
NO_NETWORK = Kind(
    "no_network", "The instance can't reach AWS or the registry from its subnet ({detail}).",
    "Give the subnets outbound access: public IP addresses and an internet gateway, a NAT, or VPC endpoints.",
    False,
)  # fmt: skip
MISCONFIGURED = Kind(
    "misconfigured", "The compute environment can't start instances ({detail}).",
    "Check the compute environment in AWS Batch: role, subnets, instance types, service quotas.", False,
)  # fmt: skip
NEVER_JOINED = Kind(
    "instance_not_joined", "An instance was started for the queue, but has not joined it. {detail}",
    "Check the subnets' route to the internet (or VPC endpoints for ECS), the AMI and the instance role; the "
    "instance's system log in EC2 shows how far it came.", False,
)  # fmt: skip
NOT_PLACED = Kind(
    "not_placed", "AWS Batch gave the job no instance, and no reason ({detail}).",
    "Check the quotas of EC2 (docs/deploying.md) and the compute environment in AWS Batch.", None,
)  # fmt: skip

# The preparation step and its data.
NOTHING_PREPARED = Kind(
    "nothing_prepared", "It left no data for the training ({detail}).",
    "Write files to the folder in PREPARED_DIR (docs/prepare.md).", False,
)  # fmt: skip
TOO_MANY_PREPARED = Kind(
    "too_many_prepared", "{detail}",
    "Write fewer, larger files, such as Parquet or TFRecord files of 100 MB or more.", False,
)  # fmt: skip
PREPARED_INCOMPLETE = Kind(
    "prepared_incomplete", "{detail}",
    "Write regular files, copy what links name, and let the step end after all files are written.", False,
)  # fmt: skip
INPUTS_WRITTEN = Kind(
    "inputs_written", "{detail}",
    "Write to the folder in PREPARED_DIR: nothing else reaches the training.", False,
)  # fmt: skip
PREPARED_CHANGED = Kind(
    "prepared_changed", "{detail}",
    "Prepare the data again, with `droptrain rerun RUN --prepare-again`.", False,
)  # fmt: skip

# The image could not be pulled, or the container didn't start.
IMAGE_MISSING = Kind(
    "image_missing", "The image isn't in its registry ({detail}).",
    "Push the image, or correct its name and tag in the stack's parameter, then launch again.", False,
)  # fmt: skip
IMAGE_DENIED = Kind(
    "image_denied", "The registry doesn't let the instance pull the image ({detail}).",
    "Allow the instance role to pull in the repository's policy; correct the image's name if it is mistyped.",
    False,
)  # fmt: skip
IMAGE_WITH_PROVENANCE = Kind(
    "image_unsupported",
    "The instance can't pull the image, because a provenance manifest was pushed with it ({detail}).",
    "Build the image again with `docker buildx build --provenance=false` and push it.", False,
)  # fmt: skip
IMAGE_OF_OTHER_PLATFORM = Kind(
    "image_unsupported", "The image was built for another processor or operating system ({detail}).",
    "Build the image again with `--platform linux/amd64` and push it.", False,
)  # fmt: skip
IMAGE_RATE_LIMITED = Kind(
    "image_rate_limited", "The registry's rate limit for pulls is reached ({detail}).",
    "Wait some hours and launch again, or copy the image to Amazon ECR, which has no such limit.", True,
)  # fmt: skip
IMAGE_TOO_LARGE = Kind(
    "image_too_large", "The instance's disk has no room for the image ({detail}).",
    "Raise VolumeSize of TrainingLaunchTemplate in template.yaml and deploy, or make the image smaller.",
    False,
)  # fmt: skip
IMAGE_UNREACHABLE = Kind(
    "image_unreachable", "The registry can't be reached from the instance ({detail}).",
    "Launch again. If it fails again, give the subnets outbound access or VPC endpoints for ECR.", None,
)  # fmt: skip
IMAGE_NOT_PULLED = Kind(
    "image_not_pulled", "The image can't be pulled ({detail}).",
    "Launch again. If it fails again, pull the image by hand with the same role.", None,
)  # fmt: skip
LOGS_DENIED = Kind(
    "logs_denied", "The container can't write its log to Amazon CloudWatch Logs ({detail}).",
    "Create the log group /aws/batch/job in CloudWatch Logs, and allow the instance role to create log "
    "streams in it.", False,
)  # fmt: skip
ROLE_DENIED = Kind(
    "permission_denied", "Amazon ECS can't use the job's role ({detail}).",
    "Allow ecs-tasks.amazonaws.com in the role's trust policy, as the stack's TrainingRole does.",
    False,
)  # fmt: skip
NOT_STARTED = Kind(
    "container_not_started", "The instance couldn't start the container ({detail}).",
    "Launch again. If it fails again, run the image by hand on an instance of the same type.", None,
)  # fmt: skip
NO_PROGRAM = Kind(
    "container_not_started", "The image lacks the program that the job starts ({detail}).",
    "Build the image on droptrain's own (docs/image.md), and leave its ENTRYPOINT as it is.", False,
)  # fmt: skip
CONTAINER_LOST = Kind(
    "container_lost", "The instance lost sight of the container: Docker did not answer in time ({detail}).",
    "Launch again. If it fails again, write less to the disk at a time, or raise VolumeSize of "
    "TrainingLaunchTemplate in template.yaml.", None,
)  # fmt: skip

# The machine was too small, or had the wrong software.
OUT_OF_MEMORY = Kind(
    "out_of_memory", "The memory ran out: {detail}.",
    "Raise `resources.memory_gib` in train.yaml, or read the data in smaller parts.", False,
)  # fmt: skip
GPU_OUT_OF_MEMORY = Kind(
    "gpu_out_of_memory", "The GPU's memory ran out: {detail}",
    "Make the batch or the model smaller, or train on a type with a larger GPU (resources in train.yaml, "
    f"{_TYPES}).", False,
)  # fmt: skip
GPU_NOT_VISIBLE = Kind(
    "gpu_not_visible", "No GPU is visible: {detail}",
    "Set `resources: {gpus: 1}` in train.yaml; the AMI needs NVIDIA drivers, the image CUDA.", False,
)  # fmt: skip
GPU_FAULT = Kind(
    "gpu_fault", "The GPU is broken or not usable: {detail}",
    "Launch the dataset again: it gets another instance. If it happens again, use another instance type "
    f"({_TYPES}).", True,
)  # fmt: skip
CUDA_MISMATCH = Kind(
    "cuda_mismatch", "The GPU's driver and the image's CUDA libraries don't fit together: {detail}",
    "Use an image whose CUDA and cuDNN fit its framework, and are no newer than the AMI's driver.",
    False,
)  # fmt: skip
SHARED_MEMORY_FULL = Kind(
    "shared_memory_full", "The shared memory /dev/shm is too small: {detail}",
    "Use fewer workers in the data loader, or raise SharedMemorySize of the job definition in template.yaml.",
    False,
)  # fmt: skip
DISK_FULL = Kind(
    "disk_full", "The disk is full: {detail}",
    "Write fewer files or delete some, or raise VolumeSize of TrainingLaunchTemplate in template.yaml.",
    False,
)  # fmt: skip
MISSING_LIBRARY = Kind(
    "missing_library", "The image lacks a system library: {detail}",
    "Install it in an image of your own (docs/container.md).", False,
)  # fmt: skip

# The data and the bucket.
S3_DENIED = Kind(
    "s3_denied", "S3 refuses the script's request: {detail}",
    "Allow it in the policy of the job role or of the other bucket; the stack's own role covers its bucket.",
    False,
)  # fmt: skip
PERMISSION_DENIED = Kind(
    "permission_denied", "The job role lacks a permission that the script needs: {detail}",
    "Attach a policy with that action to the stack's TrainingRole, or allow it in the resource's own policy.",
    False,
)  # fmt: skip
SCRIPT_OFFLINE = Kind(
    "no_network", "The script can't reach a host on the network, or lost the connection: {detail}",
    "Launch again. If it fails again, check the host's name, and give the subnets outbound access: public IP "
    "addresses and an internet gateway, a NAT, or VPC endpoints.", None,
)  # fmt: skip
PROXY_FAILED = Kind(
    "proxy_failed", "The proxy doesn't pass on the script's request: {detail}",
    "Correct HTTPS_PROXY, HTTP_PROXY and NO_PROXY in train.yaml's `environment` or in the image: address, "
    "user and password.", None,
)  # fmt: skip
TLS_FAILED = Kind(
    "tls_failed", "The script can't set up a secure connection: {detail}",
    "If a proxy inspects the network's traffic, add its certificate to the image and name the file in "
    "SSL_CERT_FILE and REQUESTS_CA_BUNDLE. In an old image, update ca-certificates and certifi. Only the "
    "server's operator can renew an expired certificate.", False,
)  # fmt: skip
OFFLINE_MODE = Kind(
    "offline_mode", "A setting keeps the script off the network: {detail}",
    "Remove the setting, such as UV_OFFLINE, PIP_NO_INDEX or HF_HUB_OFFLINE, from train.yaml's "
    "`environment`, the image or the code; or add the missing files to the image.", False,
)  # fmt: skip
ACCESS_DENIED = Kind(
    "access_denied", "A server refuses the script's request: {detail}",
    "Add the credentials that the server requires, such as HF_TOKEN or WANDB_API_KEY, as a secret to "
    "train.yaml's `environment`, and accept the server's terms; or upload the files to the dataset.", False,
)  # fmt: skip
URL_NOT_FOUND = Kind(
    "url_not_found", "A server doesn't have what the script requests: {detail}",
    "Correct the address or the name in the code, or upload the files to the dataset. A private model or "
    "package also requires credentials.", False,
)  # fmt: skip
SERVER_UNAVAILABLE = Kind(
    "server_unavailable", "A server has a fault, or limits the script's requests: {detail}",
    "Launch again later. If it fails again, add credentials for the server to train.yaml's `environment`, or "
    "upload the files to the dataset.", True,
)  # fmt: skip
S3_MISSING = Kind(
    "s3_missing", "The script requests an object or bucket that doesn't exist in S3: {detail}",
    "Correct the bucket or key in the code, or upload the object.", False,
)  # fmt: skip
S3_UNREACHABLE = Kind(
    "s3_unreachable", "{detail}", "Check the job role, the bucket's policy and the route to S3.", None
)
SECRET_DENIED = Kind(
    "secret_denied", "{detail}",
    "The secret's name has to begin with droptrain/, and its key has to be aws/secretsmanager. For your own "
    "key, allow TrainingRole kms:Decrypt.", False,
)  # fmt: skip
SECRET_UNUSABLE = Kind(
    "secret_unusable",
    "{detail}",
    "Fix the secret, or its ARN in train.yaml, and launch the dataset again.",
    False,
)
SECRET_UNREACHABLE = Kind(
    "secret_unreachable", "{detail}",
    "Launch again. If it fails again, give the subnets a NAT or a VPC endpoint for Secrets Manager.", None,
)  # fmt: skip
INPUT_MISSING = Kind(
    "input_missing", "{detail}",
    "Check that the object is still in the bucket, then launch the dataset again.", False,
)  # fmt: skip
INPUT_CHANGED = Kind(
    "input_changed", "{detail}", "Upload the file again. That launches a run with the current files.", False
)
UNREADABLE_INPUT = Kind(
    "unreadable_input", "{detail}",
    "Restore the file from its archive storage class, or upload it again with the bucket's own encryption. "
    "For a KMS key of your own, allow TrainingRole kms:Decrypt.", False,
)  # fmt: skip
CHECKPOINT_UNUSABLE = Kind(
    "checkpoint_unusable", "The code can't load a checkpoint or weights: {detail}",
    "Load a whole file that the same model saved. `warm_start` in train.yaml and the code's checkpoints have "
    "to fit the model. Push large files themselves, not Git LFS pointers.", False,
)  # fmt: skip
COLUMN_MISMATCH = Kind(
    "column_mismatch", "The code and the CSV disagree about columns: {detail}",
    "Compare the columns' names, number, types and delimiter in the CSV with what the code reads.", False,
)  # fmt: skip
DATA_UNUSABLE = Kind(
    "bad_data", "The code can't use the data: {detail}",
    "Correct the file and upload it again, which launches a new run. If the data is right, change how the "
    "code reads it.", False,
)  # fmt: skip

# The user's own code.
NAN_LOSS = Kind(
    "nan_loss", "The loss is no longer a number: {detail}",
    "Look for empty or huge values in the CSV, lower the learning rate, or clip gradients.", False,
)  # fmt: skip
MISSING_MODULE = Kind(
    "missing_module", "A Python package isn't installed: {detail}",
    "Name it in requirements.txt, a Pipfile or uv.lock in the code's folder, or install it in "
    "run.sh; or put the missing file into the code's folder.", False,
)  # fmt: skip
NO_S3_FILE_SYSTEM = Kind(
    "missing_module", "TensorFlow can't read s3:// addresses, because tensorflow-io isn't imported: {detail}",
    "Read the local files below SM_CHANNEL_TRAINING, or name tensorflow-io in "
    "requirements.txt and import it.", False,
)  # fmt: skip
BAD_HYPERPARAMETERS = Kind(
    "bad_hyperparameters", "The code rejects its arguments: {detail}",
    "Correct `hyperparameters` or `args` in train.yaml: use the names and types that the code expects.",
    False,
)  # fmt: skip
FRAMEWORK_MISMATCH = Kind(
    "framework_mismatch", "The code was written for another version of its framework: {detail}",
    "Use an image with the version of TensorFlow, Keras or PyTorch that the code was written for, or adapt "
    "the code.", False,
)  # fmt: skip
PACKAGE_CONFLICT = Kind(
    "package_conflict", "The versions of the installed packages don't fit together: {detail}",
    "Set compatible versions in requirements.txt, such as numpy<2 for packages built for NumPy 1.",
    False,
)  # fmt: skip
MISSING_COMMAND = Kind(
    "missing_command", "The script calls a program that isn't in the image: {detail}",
    "Install it in an image of your own (docs/container.md), or correct its name.", False,
)  # fmt: skip
ADDRESS_OPENED = Kind(
    "script_raised", "The code opens an s3:// address as if it were a local file: {detail}",
    "Read inputs from the folders that SM_CHANNEL_TRAINING and SM_CHANNEL_TESTING name, and write to "
    "SM_MODEL_DIR; or use `aws s3 cp`, boto3, or a package that knows S3.", False,
)  # fmt: skip
NO_SUCH_CSV = Kind(
    "script_raised", "The code opens a CSV that isn't there: {detail}",
    "Python finds a dataset's files in the folders that SM_CHANNEL_TRAINING and SM_CHANNEL_TESTING name "
    "(SM_CHANNEL_ and the input's name), bash at the S3 addresses TRAINING_DATA and TEST_DATA. A file of "
    "code/ is beside the script.", False,
)  # fmt: skip
UNKNOWN_KEY = Kind(
    "script_raised", "{detail}",
    "Compare that name with the CSV's header, the recipe's hyperparameters and the environment variables. "
    "Correct the code, or the data or setting that lacks it, and launch again.", False,
)  # fmt: skip
EXCEPTION = Kind(
    "script_raised", "{detail}",
    "Correct that code, or the setting or data that it can't use, and launch again.", False,
)  # fmt: skip
CRASHED = Kind(
    "crashed", "Native code crashed the script: {detail}.",
    "Check the last step in the log. Usually, a package was built for another processor or CUDA version.",
    None,
)  # fmt: skip
SCRIPT_FAILED = Kind(
    "script_failed", "{detail}", "Read the end of the log, correct the code, push it, launch again.", None
)
BAD_DATA = Kind("bad_data", "{detail}", "Correct the named file, push it and launch again.", False)
PACKAGES_NOT_INSTALLED = Kind(
    "packages_not_installed", "{detail}", "Correct the named file, push it and launch again.", False
)
PLAN_CHANGED = Kind(
    "plan_changed", "{detail}",
    "Launch the dataset again, which writes a new plan. Find out what wrote to the run's folder.", False,
)  # fmt: skip
BAD_RECIPE = Kind("bad_recipe", "{detail}", "Correct train.yaml and launch the dataset again.", False)

# droptrain itself.
SUPERSEDED = Kind("superseded", "{detail}", "Nothing to do: another Batch job of this run trains.", False)
TERMINATED = Kind(
    "terminated", "{detail}", "Launch the dataset again; its checkpoints are kept with the run.", True
)
INTERNAL_ERROR = Kind(
    "internal_error", "This is a fault in droptrain, not in your code: {detail}",
    "Launch the dataset again. If it happens twice, report it with the log, which names the failed step.",
    True,
)  # fmt: skip
UNKNOWN = Kind("unknown", "{detail}.", "Read the job's log and its status reason in AWS Batch.", None)
UNKNOWN_TO_BATCH = Kind(
    "unknown_to_batch", "{detail}",
    "Check the run's log and model in the bucket; launch the dataset again if they are not complete.", None,
)  # fmt: skip
