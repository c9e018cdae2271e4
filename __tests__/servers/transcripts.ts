// What the log of a whole job says: what the transport did, and with step debugging each command, but never the password.
import { expect, it } from 'vitest'
import { LOGIN } from '../../tools/servers/daemon.ts'
import type { Lab } from './lab.ts'

/** Logs of both steps. */
export function transcripts(lab: Lab): void {
  it('tells in the log of the post step what the transport did', async () => {
    const main = await lab.step('main', { with: { 'reset-env': 'true' } })
    await lab.rebuild()
    const { log } = await lab.step('post', { state: main.state })
    expect(log).toMatch(/^Connections: \d+$/m)
    const commands =
      /^Commands: ([\d,]+), up to ([\d,]+) of them under way on one connection \(.+ sent, .+ received\)$/m
    const [, count = '', window = ''] = commands.exec(log) ?? []
    expect(Number(count.replaceAll(',', ''))).toBeGreaterThan(1000)
    expect(Number(window.replaceAll(',', ''))).toBeGreaterThan(32)
    expect(log).not.toContain('> ')
  })

  it('shows each command with step debugging, and never the password', async () => {
    const debugging = { env: { RUNNER_DEBUG: '1' } }
    const main = await lab.step('main', { with: { 'reset-env': 'true' }, ...debugging })
    await lab.rebuild()
    const post = await lab.step('post', { state: main.state, ...debugging })
    for (const { log } of [main, post]) {
      expect(log).toContain('> PASS ###')
      expect(log).toMatch(/< 230 /)
      const shown = log.split('\n').filter(line => !line.startsWith('::add-mask::'))
      expect(shown.filter(line => line.includes(LOGIN.password))).toEqual([])
    }
    expect(main.log).toContain('> RNFR /site/wwwroot/antenv')
    expect(post.log.split('> DELE /site/.azure-python-env/').length).toBeGreaterThan(1000)
  })
}
