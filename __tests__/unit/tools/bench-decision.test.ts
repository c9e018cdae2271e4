// What the benchmark counts of a decision. It needs the committed dist/, and no proxy.
import { expect, it } from 'vitest'
import { measureDecision } from '../../../tools/bench/decision.ts'

it('counts the commands of each kind of package, and no more than one listing of site-packages', async () => {
  const lines: string[] = []
  const findings = await measureDecision({
    distributions: 20,
    rttMs: [0],
    runs: 1,
    log: line => lines.push(line),
    signal: new AbortController().signal
  })
  expect(findings).toHaveLength(3)
  for (const { commands, connections, listings, transfers, seconds } of findings) {
    expect(listings).toBe(1)
    expect(connections).toBeGreaterThanOrEqual(1)
    expect(transfers).toBeGreaterThanOrEqual(1)
    expect(commands).toBeGreaterThan(connections + listings + transfers)
    expect(seconds).toBeGreaterThan(0)
  }
  // A heading, and a line for each.
  expect(lines).toHaveLength(4)
})

it('ends before the next run when it is told to', async () => {
  const options = { distributions: 10, rttMs: [0], runs: 1, log: () => undefined }
  await expect(measureDecision({ ...options, signal: AbortSignal.abort() })).rejects.toThrow()
})
