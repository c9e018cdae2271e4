// Both steps where az is asked who logs in: what they ask, mask and say. The site is in memory, az an object.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProgramLimits, RunProgram } from '../../src/ports.ts'
import { treeOf } from './fake-site.ts'
import { CFG, posixVenv } from './fixtures.ts'
import { entryOf, PASSWORD, profileOf } from './profiles.ts'
import { storyOf, type Given, type Story } from './story.ts'

/** What each command prints, by its words; an exit code of 1 with this error where it begins with `ERROR:`. */
type Answers = Readonly<Record<'list-publishing-profiles' | 'resource list' | 'config show' | 'resource show', string>>

const ANSWERS: Answers = {
  'list-publishing-profiles': profileOf(),
  'resource list': '[{"name": "my-app", "group": "my-group"}]',
  'config show': '{"runtime": "PYTHON|3.11", "ftps": "FtpsOnly"}',
  'resource show': 'true'
}

let packagePath: string
let story: Story
let asked: { readonly command: string; readonly limits: ProgramLimits }[]
beforeEach(async () => {
  packagePath = await mkdtemp(join(tmpdir(), 'package-'))
  story = storyOf(treeOf({ 'app.py': '', ...posixVenv('antenv', '3.11', CFG.venv311) }), packagePath)
  asked = []
})
afterEach(() => rm(packagePath, { recursive: true }))

function by(changes: Partial<Answers> = {}): RunProgram {
  const answers = { ...ANSWERS, ...changes }
  return (_, args, limits) => {
    const command = args.join(' ')
    asked.push({ command, limits })
    const text = Object.entries(answers).find(([words]) => command.includes(words))?.[1] ?? ''
    const fails = text.startsWith('ERROR:')
    return Promise.resolve({
      kind: 'ended',
      exitCode: fails ? 1 : 0,
      stdout: fails ? '' : text,
      stderr: fails ? text : ''
    })
  }
}

const given = (changes: Partial<Answers> = {}, inputs: Readonly<Record<string, string>> = {}): Given => ({
  inputs: { 'publish-profile': '', 'app-name': 'my-app', ...inputs },
  run: by(changes)
})

const words = (): readonly string[] =>
  asked.map(({ command }) => Object.keys(ANSWERS).find(each => command.includes(each)) ?? command)

describe('the main step', () => {
  it('asks for the group, the profile, the settings and the policy, in this order, and then connects', async () => {
    const { failure, outputs, warnings } = await story.main(given())
    expect(failure).toBeUndefined()
    expect(words()).toEqual(['resource list', 'list-publishing-profiles', 'config show', 'resource show'])
    expect(outputs.get('app-name')).toBe('my-app')
    expect(outputs.get('slot-name')).toBe('production')
    expect(outputs.get('reason')).toBe('up-to-date')
    expect(warnings).toEqual([])
  })

  it('does not look the group up where it is given', async () => {
    await story.main(given({}, { 'resource-group-name': 'other' }))
    expect(words()).not.toContain('resource list')
    for (const { command } of asked) expect(command).toContain('--resource-group other')
  })

  it('asks about the slot where one is named', async () => {
    const profile = profileOf({ slot: 'blue' })
    const { outputs } = await story.main(given({ 'list-publishing-profiles': profile }, { 'slot-name': 'blue' }))
    expect(outputs.get('slot-name')).toBe('blue')
    expect(asked.filter(({ command }) => command.includes('--slot blue'))).toHaveLength(2)
  })

  it.each([
    ['a profile', { 'publish-profile': profileOf() }],
    ['an address', { 'ftp-url': 'ftps://host.example', 'ftp-username': 'my-app', 'ftp-password': PASSWORD }]
  ])('asks nothing where %s is given', async (_, inputs) => {
    const { failure } = await story.main(given({}, inputs))
    expect(failure).toBeUndefined()
    expect(asked).toEqual([])
  })

  it('asks nothing where another input cannot be used', async () => {
    const { failure } = await story.main(given({}, { sweep: 'never' }))
    expect(String(failure)).toContain('"sweep" is "never"')
    expect(asked).toEqual([])
  })

  it('gives az a minute for each command, or "timeout" where that is longer', async () => {
    await story.main(given())
    await story.main(given({}, { timeout: '300' }))
    expect([...new Set(asked.map(({ limits }) => limits.timeoutMs))]).toEqual([60_000, 300_000])
  })

  it('masks the profile that az gave as one that was passed, and shows nothing of it', async () => {
    const byInput = await story.main({ inputs: { 'app-name': 'my-app' } })
    const byAz = await story.main(given())
    expect(byInput.masked.filter(form => !byAz.masked.includes(form))).toEqual([])
    const shown = [...byAz.lines, ...byAz.warnings, ...byAz.outputs.values(), byAz.summary].join('\n')
    expect(shown).not.toContain(PASSWORD)
    expect(shown).not.toContain('publishProfile')
  })

  it('takes the Python that the app is set to for the wanted one', async () => {
    const { lines, outputs } = await story.main(given({ 'config show': '{"runtime": "PYTHON|3.12", "ftps": null}' }))
    expect(outputs.get('python-version-wanted')).toBe('3.12')
    expect(lines).toContain("Wanted: Python 3.12 (the app's own setting)")
  })

  it('warns where the workflow asks for another Python, with the command to run', async () => {
    const { outputs, warnings } = await story.main(given({}, { 'python-version': '3.12' }))
    expect(outputs.get('reason')).toBe('up-to-date')
    expect(warnings).toEqual([
      expect.stringContaining(
        'az webapp config set --name my-app --resource-group my-group --linux-fx-version "PYTHON|3.12"'
      )
    ])
  })

  it('goes on without the settings where they may not be asked for, and says so in the log', async () => {
    const refused = 'ERROR: (AuthorizationFailed) The client does not have authorization'
    const { failure, lines } = await story.main(given({ 'config show': refused, 'resource show': refused }))
    expect(failure).toBeUndefined()
    expect(lines.filter(line => line.startsWith('az did not tell'))).toHaveLength(2)
  })

  it.each<[string, Partial<Answers>, RegExp]>([
    [
      'basic authentication is off',
      { 'resource show': 'false' },
      /Basic authentication is off for FTP.*az resource update/
    ],
    [
      'basic authentication is off, whatever the profile looks like then',
      { 'resource show': 'false', 'list-publishing-profiles': entryOf({ userPWD: '', userName: '' }) },
      /Basic authentication is off for FTP/
    ],
    ['FTP is off', { 'config show': '{"ftps": "Disabled"}' }, /FTP is switched off.*--ftps-state FtpsOnly/],
    [
      'the password is missing',
      { 'list-publishing-profiles': entryOf({ userPWD: '' }) },
      /that az gave for the app "my-app" has an empty password/
    ],
    [
      'the password is blacked out',
      { 'list-publishing-profiles': entryOf({ userPWD: 'REDACTED' }) },
      /has a blacked-out password/
    ],
    ['there is no FTP', { 'list-publishing-profiles': entryOf({ publishMethod: 'MSDeploy' }) }, /has no entry for FTP/],
    ['the profile is cut off', { 'list-publishing-profiles': profileOf().slice(0, 400) }, /is not XML, or was cut off/],
    [
      'the profile is another app’s',
      { 'list-publishing-profiles': profileOf({ app: 'other' }) },
      /is that of another app or slot/
    ],
    ['nobody is signed in', { 'resource list': "ERROR: Please run 'az login' to setup account." }, /is not signed in/],
    ['there is no such app', { 'resource list': '[]' }, /no sign of the app "my-app"/]
  ])('fails before it connects where %s', async (_, changes, message) => {
    const { failure, reach, outputs, masked, lines } = await story.main(
      given(changes, { 'on-unreachable': 'continue' })
    )
    expect(String(failure)).toMatch(message)
    expect(String(failure)).not.toContain('"publish-profile" has')
    expect(reach).toBeUndefined()
    expect(outputs.get('result')).toBe('failed')
    expect(outputs.get('app-name')).toBe('my-app')
    for (const secret of masked) expect(`${String(failure)}${lines.join('\n')}`).not.toContain(secret)
  })
})

describe('the post step', () => {
  it('asks again, only for what it needs, and says nothing of it', async () => {
    await story.main(given({}, { 'reset-env': 'true' }))
    asked = []
    const { lines, warnings, masked } = await story.post(given())
    expect(words()).toEqual(['resource list', 'list-publishing-profiles'])
    expect(lines.filter(line => /\baz\b/.test(line))).toEqual([])
    expect(warnings.filter(warning => /\baz\b/.test(warning))).toEqual([])
    expect(masked).toContain(PASSWORD)
  })

  it('warns once where az gives no answer any more, and leaves everything alone', async () => {
    await story.main(given({}, { 'reset-env': 'true' }))
    const { failure, warnings } = await story.post(
      given({ 'list-publishing-profiles': 'ERROR: AADSTS700024: expired' })
    )
    expect(failure).toBeUndefined()
    expect(warnings).toEqual([expect.stringMatching(/^The post step did not come to its end.*its sign-in has expired/)])
  })

  it('asks nothing where the main step left no state', async () => {
    const { lines, warnings } = await story.post(given())
    expect([...lines, ...warnings]).toEqual([])
    expect(asked).toEqual([])
  })
})
