"""Functions run as on Lambda, under its own runtime client and under the few lines that stand in for it."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.local_parts import alive
from support.waiting import wait_for

from droptrain_local.functions import Function
from droptrain_local.lambda_runtime import (
    AWS_RUNTIME,
    OWN_RUNTIME,
    FunctionError,
    LambdaRuntime,
    RuntimeClosedError,
)

Start = Callable[[Function], LambdaRuntime]


@pytest.fixture(params=[AWS_RUNTIME, OWN_RUNTIME])
def start(request, tmp_path: Path) -> Iterator[Start]:
    started: list[LambdaRuntime] = []

    def start_one(function: Function) -> LambdaRuntime:
        started.append(LambdaRuntime({function.arn: function}, tmp_path / "logs", request.param))
        return started[-1]

    yield start_one
    for runtime in started:
        runtime.close()


def test_a_function_answers_and_its_process_is_kept(write_function, start: Start, tmp_path: Path) -> None:
    function = write_function("""
        import os
        calls = 0
        def handler(event, context):
            global calls
            calls += 1
            print("said", event["text"])
            left = context.get_remaining_time_in_millis()
            return {"text": event["text"], "calls": calls, "left": left, "arn": context.invoked_function_arn,
                    "home": os.environ.get("HOME"), "own": os.environ["OWN"],
                    "request": context.aws_request_id}
    """, OWN="mine")  # fmt: skip
    runtime = start(function)
    first, second = (runtime.invoke(function.arn, {"text": "größe"}) for _ in range(2))
    assert (first["text"], first["calls"], second["calls"]) == ("größe", 1, 2)
    assert 0 < first["left"] <= 5000
    assert (first["arn"], first["own"], first["home"]) == (function.arn, "mine", None)
    assert first["request"] != second["request"]
    log = (tmp_path / "logs" / "function.log").read_text()
    assert "said größe" in log
    assert f"REPORT RequestId: {first['request']}" in log


def test_an_exception_is_told_and_the_process_goes_on(write_function, start: Start) -> None:
    function = write_function("""
        import os
        def handler(event, context):
            if event: raise KeyError("no such thing")
            return os.getpid()
    """)
    runtime = start(function)
    pid = runtime.invoke(function.arn, None)
    with pytest.raises(FunctionError, match=r"KeyError.*function\.log") as raised:
        runtime.invoke(function.arn, {"fail": 1})
    assert raised.value.payload["errorType"] == "KeyError"
    assert runtime.invoke(function.arn, None) == pid


def test_a_function_that_takes_too_long_is_killed_with_its_children(
    write_function, start: Start, tmp_path: Path
) -> None:
    function = write_function("""
        import os, subprocess, time
        def handler(event, context):
            if not event: return "again"
            child = subprocess.Popen(["/bin/sleep", "600"])
            open(event, "w").write(f"{os.getpid()} {child.pid}")
            time.sleep(600)
    """, timeout=1)  # fmt: skip
    runtime = start(function)
    runtime.invoke(function.arn, None)
    began = time.monotonic()
    with pytest.raises(FunctionError, match=r"Task timed out after 1\.00 seconds"):
        runtime.invoke(function.arn, str(tmp_path / "pids"))
    assert 0.9 < time.monotonic() - began < 4
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert wait_for("change", lambda: not any(alive(pid) for pid in pids))
    assert runtime.invoke(function.arn, None) == "again"


def test_a_crash_is_an_error_and_the_next_call_has_a_new_process(write_function, start: Start) -> None:
    function = write_function("""
        import os
        def handler(event, context):
            if event: os._exit(3)
            return "well"
    """)
    runtime = start(function)
    with pytest.raises(FunctionError, match="exit status 3"):
        runtime.invoke(function.arn, {"crash": 1})
    assert runtime.invoke(function.arn, None) == "well"


def test_code_that_can_not_be_imported_is_an_error_that_says_why(write_function, start: Start) -> None:
    function = write_function("import not_there_at_all\n")
    with pytest.raises(FunctionError, match="not_there_at_all"):
        start(function).invoke(function.arn, None)


def test_calls_at_a_time_have_processes_of_their_own_and_no_more_than_two(
    write_function, start: Start
) -> None:
    function = write_function("""
        import os, time
        def handler(event, context):
            time.sleep(0.3)
            return os.getpid()
    """)
    runtime = start(function)
    with ThreadPoolExecutor(4) as pool:
        pids = set(pool.map(lambda _: runtime.invoke(function.arn, None), range(4)))
    assert len(pids) == 2
    assert set(runtime.pids()) == pids


def test_closing_ends_calls_processes_and_threads(write_function, start: Start) -> None:
    threads = set(threading.enumerate())
    function = write_function("import time\ndef handler(event, context): time.sleep(600)\n", timeout=600)
    runtime = start(function)
    ended: list[type[BaseException]] = []

    def call() -> None:
        try:
            runtime.invoke(function.arn, None)
        except RuntimeClosedError as error:
            ended.append(type(error))

    calling = threading.Thread(target=call)
    calling.start()
    (pid,) = wait_for("process", runtime.pids)
    runtime.close()
    calling.join(5)
    assert ended == [RuntimeClosedError]
    assert not alive(pid)
    assert wait_for("change", lambda: set(threading.enumerate()) <= threads)


def test_retiring_lets_calls_that_run_end_and_takes_no_more(write_function, start: Start) -> None:
    function = write_function("""
        import time
        def handler(event, context):
            time.sleep(0.5)
            return "ended"
    """)
    runtime = start(function)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(runtime.invoke, function.arn, None)
        (pid,) = wait_for("process", runtime.pids)
        time.sleep(0.1)
        runtime.retire()
        assert call.result() == "ended"
    assert wait_for("change", lambda: not alive(pid))
    with pytest.raises(RuntimeClosedError):
        runtime.invoke(function.arn, None)


KILLED = """
import sys, threading, time
from pathlib import Path
from droptrain_local.functions import Function
from droptrain_local.lambda_runtime import LambdaRuntime
folder = Path(sys.argv[1])
function = Function("f", "f", "arn", "app.handler", folder, 600, {"AWS_LAMBDA_FUNCTION_NAME": "f"})
LambdaRuntime({"arn": function}, folder / "logs").invoke("arn", str(folder / "pid"))
"""


def test_a_function_in_a_call_ends_when_its_runtime_is_killed(write_function, tmp_path: Path) -> None:
    function = write_function("""
        import os, time
        def handler(event, context):
            open(event + ".part", "w").write(str(os.getpid()))
            os.rename(event + ".part", event)
            time.sleep(600)
    """)
    with subprocess.Popen([sys.executable, "-c", KILLED, str(function.folder)]) as runtime:
        pid_file = function.folder / "pid"
        assert wait_for("process", pid_file.exists)
        runtime.kill()
    pid = int(pid_file.read_text())
    assert wait_for("change", lambda: not alive(pid))
