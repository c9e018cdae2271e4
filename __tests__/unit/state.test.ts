import { describe, expect, it } from 'vitest'
import type { Remembering } from '../../src/azure/memory.ts'
import { mutable, remotePath } from '../../src/site.ts'
import { loadState, saveState, type State, type StateKeeper } from '../../src/state.ts'

const NOTED: Remembering = {
  fingerprint: 'ab'.repeat(32),
  evidence: [{ code: 'python-version-changed', particulars: ['3.11 instead of 3.12'] }],
  before: undefined,
  deployment: '/site/deployments/abc/manifest',
  alone: false
}

const STATE: State = {
  schema: 1,
  script: { packagePath: '/home/runner/app', script: 'deploy.cmd' },
  toggle: {
    url: 'https://localhost/app.git',
    branch: 'master',
    original: 'a'.repeat(40),
    toggled: 'b'.repeat(40),
    stage: 'toggling'
  },
  app: 'my-app',
  slot: 'production',
  host: 'waws-prod-x.ftp.azurewebsites.windows.net',
  tls: 'auto',
  tlsVerify: true,
  connections: 8,
  pipelining: true,
  timeoutMs: 30_000,
  deadlineMs: 900_000,
  verify: true,
  layout: 'venv-tree',
  strategy: 'rename',
  reason: 'requested',
  environment: mutable(remotePath('/site/wwwroot/antenv')),
  envPath: mutable(remotePath('/site/wwwroot/antenv')),
  shipped: false,
  pythonBefore: '3.11',
  pythonWanted: '3.12',
  installedBefore: ['flask 3.0.0'],
  remembering: NOTED
}

function keeper(saved = ''): StateKeeper & { readonly text: () => string } {
  const values = new Map([['run', saved]])
  return {
    saveState: (name, value) => void values.set(name, value),
    getState: name => values.get(name) ?? '',
    text: () => values.get('run') ?? ''
  }
}

function roundTrip(state: State): State | undefined {
  const kept = keeper()
  saveState(kept, state)
  return loadState(kept)
}

const load = (changes: Readonly<Record<string, unknown>>): State | undefined =>
  loadState(keeper(JSON.stringify({ ...STATE, ...changes })))

describe('a state', () => {
  it.each<[string, State]>([
    ['with everything', STATE],
    [
      'with nothing found',
      {
        ...STATE,
        strategy: 'none',
        environment: undefined,
        envPath: undefined,
        pythonBefore: '',
        pythonWanted: '',
        installedBefore: undefined,
        remembering: undefined
      }
    ],
    ['without pipelining', { ...STATE, pipelining: false }],
    ['without checks', { ...STATE, tlsVerify: false, verify: false }],
    ['at the limits', { ...STATE, connections: 32, timeoutMs: 600_000, deadlineMs: 21_600_000 }],
    ['without an app', { ...STATE, app: '' }]
  ])('comes back as it was: %s', (_, state) => {
    expect(roundTrip(state)).toEqual(state)
  })

  it('is undefined where the main step left none', () => {
    expect(loadState(keeper())).toBeUndefined()
  })

  it('is replaced by a later one', () => {
    const kept = keeper()
    saveState(kept, STATE)
    saveState(kept, { ...STATE, strategy: 'in-place' })
    expect(loadState(kept)?.strategy).toBe('in-place')
  })

  it('drops a list that is too long for an environment variable, and nothing else', () => {
    const installedBefore = Array.from({ length: 3000 }, (_, number) => `package-${number} 1.0`)
    const kept = keeper()
    saveState(kept, { ...STATE, installedBefore })
    expect(kept.text().length).toBeLessThan(30_000)
    expect(loadState(kept)).toEqual({ ...STATE, installedBefore: undefined })
  })

  it('drops what is too long to be remembered, and nothing else', () => {
    const particulars = Array.from({ length: 1000 }, (_, number) => `package-${number}`)
    const evidence = [{ code: 'packages-removed', particulars }] as const
    const kept = keeper()
    saveState(kept, { ...STATE, remembering: { ...NOTED, evidence } })
    expect(kept.text().length).toBeLessThan(10_000)
    expect(loadState(kept)).toEqual({ ...STATE, remembering: undefined })
  })

  it('keeps a list of several hundred packages', () => {
    const installedBefore = Array.from({ length: 500 }, (_, number) => `package-${number} 1.${number}.0`)
    expect(roundTrip({ ...STATE, installedBefore })?.installedBefore).toEqual(installedBefore)
  })

  it('is one line', () => {
    const kept = keeper()
    saveState(kept, { ...STATE, app: 'a\nb' })
    expect(kept.text()).not.toContain('\n')
  })
})

describe('a damaged state', () => {
  const TEXTS = ['app', 'slot', 'host', 'layout', 'reason', 'pythonBefore', 'pythonWanted']
  const NUMBERS = ['connections', 'timeoutMs', 'deadlineMs']
  const PATHS = ['environment', 'envPath']
  it.each<[string, unknown]>([
    ...TEXTS.flatMap(name => [undefined, null, 1, 'x'.repeat(1001)].map(value => [name, value] as [string, unknown])),
    ...NUMBERS.flatMap(name =>
      [undefined, null, '8', 0, -1, 1.5, 1e9].map(value => [name, value] as [string, unknown])
    ),
    ...['tls', 'strategy'].flatMap(name =>
      [undefined, null, 'none at all', 1].map(value => [name, value] as [string, unknown])
    ),
    ...PATHS.flatMap(name =>
      [
        null,
        1,
        '',
        'antenv',
        '/',
        '/etc/passwd',
        '/site/wwwroot',
        '/site/repository/x',
        '/site/wwwroot/../x',
        '/site/wwwroot/a\r\nDELE x',
        '/site/wwwroot//x'
      ].map(value => [name, value] as [string, unknown])
    ),
    ...[null, 1, 'x', [], {}, { ...NOTED, fingerprint: 'x' }, { ...NOTED, evidence: {} }, { ...NOTED, before: {} }].map(
      value => ['remembering', value] as [string, unknown]
    ),
    ...[null, 'flask', [1], { 0: 'flask' }].map(value => ['installedBefore', value] as [string, unknown])
  ])('is refused, and the field is named: %s = %j', (name, value) => {
    expect(() => load({ [name]: value })).toThrow(name)
  })

  it.each([
    '{',
    'null',
    '[]',
    '""',
    '42',
    '{}',
    JSON.stringify({ ...STATE, schema: 2 }),
    JSON.stringify({ ...STATE, schema: '1' })
  ])('is refused: %s', text => {
    expect(() => loadState(keeper(text))).toThrow(/state that the main step left/)
  })

  it.each([undefined, null, 0, '', 'false'])('keeps the certificate check on: %j', value => {
    expect(load({ tlsVerify: value })?.tlsVerify).toBe(true)
  })

  it.each([undefined, null, 0, '', 'off'])('has pipelining probed, as where nothing was chosen, on: %j', value => {
    expect(load({ pipelining: value })?.pipelining).toBe(true)
  })

  it('does not repeat what it holds', () => {
    let message = ''
    try {
      load({ tls: 'secret-word', environment: '/secret-word' })
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain('damaged')
    expect(message).not.toContain('secret-word')
  })

  it('takes our own folder for a path that may be changed', () => {
    expect(load({ environment: '/site/.azure-python-env/trash-x' })?.environment).toBe(
      '/site/.azure-python-env/trash-x'
    )
  })
})
