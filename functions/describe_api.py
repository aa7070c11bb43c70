"""Writes runs_api/openapi.json anew from the routes: `make openapi`."""

import json
import os
import sys
from pathlib import Path

from droptrain_core.settings import Settings

# Only routes and models are read, so any values do.
os.environ |= {name.upper(): "1" for name in Settings.__dataclass_fields__}
os.environ |= {"AWS_REGION": "eu-west-1", "PAUSED": ""}
sys.path.insert(0, str(Path(__file__).with_name("runs_api")))

import app
import description

description.FILE.write_text(json.dumps(description.describe(app.app, app.ROUTES), indent=1) + "\n", "utf-8")
