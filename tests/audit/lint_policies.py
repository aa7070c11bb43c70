"""Lints the policies that `audit.render` wrote, with parliament; runs in .venv-audit.

python tests/audit/lint_policies.py FOLDER
"""

import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore", "pkg_resources is deprecated")
from parliament import analyze_policy_string, enhance_finding  # noqa: E402

# What parliament says, and why it stays as it is. One that isn't found any more has to go.
ACCEPTED = {
    ("RESOURCE_MISMATCH", "batch:SubmitJob"): (
        "its list has three resource types; Batch's user guide asks for the queue and the definition, no job"
    ),
    ("RESOURCE_MISMATCH", "ecs:ExecuteCommand"): (
        "its list has one resource type; AWS's service authorization reference has two, cluster and task"
    ),
    ("RESOURCE_MISMATCH", "servicequotas:GetServiceQuota"): (
        "its list is from before quotas became resources; cfn-lint's knows them"
    ),
    ("UNKNOWN_ACTION", "Unknown action freetier:GetAccountPlanState"): (
        "its list is from before accounts had plans; AWS's managed policy ConsoleFullAccessFromVercel has it"
    ),
}


def main(folder: Path) -> int:
    """Print every finding that isn't accepted, and every acceptance that nothing needs; the exit status."""
    files = sorted(folder.glob("*/*.json"))
    found, wrong = set(), []
    for file in files:
        for finding in analyze_policy_string(file.read_text("utf-8")).findings:
            detail = finding.detail
            subjects = [it["action"] for it in detail] if isinstance(detail, list) else [str(detail)]
            for subject in subjects:
                found.add((finding.issue, subject))
                if (finding.issue, subject) not in ACCEPTED:
                    title = enhance_finding(finding).title
                    wrong.append(f"{file.relative_to(folder)}: {title}: {subject}")
    wrong += [f"{issue} of {action} is accepted, and not found" for issue, action in ACCEPTED.keys() - found]
    print("\n".join([*wrong, f"parliament: {len(files)} policies, {len(wrong)} findings"]))
    return bool(wrong) or not files


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
