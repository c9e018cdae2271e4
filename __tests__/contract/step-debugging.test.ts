// What step debugging adds to the log: all that was said to the server and by it, but for the password.
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
beforeEach(async () => {
  lab = await startLab({ layout: 'venv-tree' })
})
afterEach(() => lab.close())

/** Those of several connections come in any order, and a QUIT may be cut off by the end of its connection. */
const comparable = (commands: readonly string[]): readonly string[] =>
  commands.filter(command => command !== 'QUIT').sort()

function commandsIn(log: string): readonly string[] {
  return comparable([...log.matchAll(/^::debug::> (.*)$/gm)].map(match => match[1] ?? ''))
}

/** What the server has received since it was asked last, the password taken out. */
function received(): readonly string[] {
  const commands = lab.app.ftp.transcript.map(({ verb, argument }) =>
    verb === 'PASS' ? 'PASS ###' : `${verb} ${argument}`.trimEnd()
  )
  lab.app.ftp.clearTranscript()
  return comparable(commands)
}

it('shows every command of both steps, the user name among them and the password as marks', async () => {
  const env = { RUNNER_DEBUG: '1' }
  const main = await lab.step('main', { env, with: { 'reset-env': 'true' } })
  const [begun, sent] = [commandsIn(main.log), received()]
  expect(begun).toEqual(sent)
  await lab.deploy('venv-tree', '3.12')
  lab.app.ftp.clearTranscript()
  const post = await lab.step('post', { env, state: main.state, jobStatus: 'success' })
  expect(commandsIn(post.log)).toEqual(received())
  for (const { log } of [main, post]) {
    expect(commandsIn(log)).toEqual(expect.arrayContaining([`USER ${lab.app.userName}`, 'PASS ###']))
    expect(log).toMatch(/^::debug::< 230 /m)
    expect(log.replace(/^::add-mask::.*$/gm, '')).not.toContain(lab.app.password)
  }
  expect(post.log).toMatch(/^::debug::> DELE \/site\/\.azure-python-env\/trash-/m)
})

it('shows none of it, and no account of it, where nothing was changed and it is off', async () => {
  const { log } = await lab.step('main', { with: { 'python-version': '3.11' } })
  expect(log).toContain('Nothing to reset')
  expect(log).not.toMatch(/^::debug::|^Connections: |^Commands: |USER /m)
})
