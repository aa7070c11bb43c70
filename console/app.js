// Lists the newest runs.

const answer = await fetch("/api/runs?limit=50");
const state = document.getElementById("state");

if (answer.ok) {
  const { runs } = await answer.json();
  state.textContent = runs.length ? "" : "Nothing has been trained yet.";
  for (const run of runs) {
    const item = document.createElement("li");
    item.textContent = `${run.run_id}: ${run.status}`;
    document.getElementById("runs").append(item);
  }
} else {
  const problem = await answer.json();
  state.textContent = problem.detail;
}
