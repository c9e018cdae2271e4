import { describe, expect, it } from 'vitest'
import { decide } from '../../../src/decide.ts'
import { compareWithPackaged, type PackagedEnvironment } from '../../../src/python/packaged-environments.ts'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import { WWWROOT, child, remotePath } from '../../../src/site.ts'
import { fakeSite, linkTo, treeOf } from '../fake-site.ts'
import { CFG, environmentOf, expectationOf, policyOf, posixVenv, snapshotOf, windowsVenv } from '../fixtures.ts'

describe('the environment on the server, beside the one in the package', () => {
  const brought = (path: string, cfg: string | undefined, sign = 'pyvenv.cfg'): readonly PackagedEnvironment[] => [
    { path: 'other/venv', sign: 'pyvenv.cfg', cfg: CFG.uv },
    { path, sign, cfg }
  ]
  const present = (cfg: string | undefined, path = 'antenv'): ReturnType<typeof environmentOf> =>
    environmentOf({ cfg, path: remotePath(`/site/wwwroot/${path}`) })

  it.each([
    ['the same text', CFG.venv311],
    ['other line ends', CFG.venv311.replaceAll('\n', '\r\n')],
    ['a byte-order mark', `\uFEFF${CFG.venv311}`],
    ['blanks around the lines', CFG.venv311.replaceAll(' = ', '=')],
    ['another order', CFG.venv311.split('\n').reverse().join('\n')],
    ['another case of the keys', CFG.venv311.replace('home', 'Home')]
  ])('was made from it with %s', (_, cfg) => {
    expect(compareWithPackaged(present(CFG.venv311), brought('antenv', cfg))).toMatchObject({ verdict: 'same' })
  })

  it.each<[string, string | undefined, string, RegExp]>([
    ['another version', CFG.venv36, CFG.venv311, /version is 3\.6\.15 on the server, 3\.11\.4 in the package; home is/],
    ['another creator', CFG.uv, CFG.venv311, /version is not set on the server, 3\.11\.4 in the package/],
    [
      'another place',
      CFG.venv36,
      CFG.venv36.replace('/usr/local', '/opt'),
      /home is \/usr\/local\/bin on the server, \/opt\/bin/
    ],
    [
      'another prompt',
      CFG.venv36,
      `${CFG.venv36}prompt = x\n`,
      /\(prompt is not set on the server, x in the package\)/
    ],
    ['nothing in it', '', CFG.venv36, /home is not set on the server/],
    ['none', undefined, CFG.venv36, /the one on the server has none/]
  ])('was not made from it with %s', (_, there, here, detail) => {
    const landing = compareWithPackaged(present(there), brought('antenv', here))
    expect(landing).toMatchObject({ verdict: 'differs' })
    expect(landing?.detail).toMatch(detail)
    expect(landing?.detail).toMatch(/^the package brings antenv with /)
  })

  it('is described shortly, however much differs', () => {
    const long = Array.from({ length: 50 }, (_, index) => `key${String(index)} = ${'x'.repeat(500)}`).join('\n')
    const detail = compareWithPackaged(present(CFG.venv36), brought('antenv', long))?.detail ?? ''
    expect(detail).toMatch(/; and \d+ more\)$/)
    expect(detail.length).toBeLessThan(500)
  })

  it.each<[string, ReturnType<typeof environmentOf>, readonly PackagedEnvironment[]]>([
    [
      'one in the package has none',
      present(CFG.venv36),
      brought('antenv', undefined, 'bin beside lib/python3.6/site-packages')
    ],
    ['one in the package cannot be read', present(CFG.venv36), brought('antenv', undefined)],
    ['one on the server cannot be read', { ...present(undefined), gaps: ['x'] }, brought('antenv', CFG.venv36)]
  ])('is not judged where the %s', (_, environment, packaged) => {
    expect(compareWithPackaged(environment, packaged)).toMatchObject({ verdict: 'unclear' })
  })

  it.each<[string, string, string]>([
    ['another name', 'antenv', 'venv'],
    ['another folder', 'antenv', 'app/antenv'],
    ['the top', 'antenv', '.'],
    ['another case', 'antenv', 'Antenv']
  ])('has nothing to do with one in %s', (_, there, here) => {
    expect(compareWithPackaged(present(CFG.venv36, there), brought(here, CFG.venv311))).toBeUndefined()
  })

  it('may lie further down', () => {
    expect(compareWithPackaged(present(CFG.venv36, 'app/.venv'), brought('app/.venv', CFG.venv311))).toBeDefined()
  })

  it('has the same path in another case on Windows', () => {
    const environment = environmentOf({ shape: 'windows', cfg: CFG.venv36, path: remotePath('/site/wwwroot/env') })
    expect(compareWithPackaged(environment, brought('Env', CFG.venv311))).toMatchObject({ verdict: 'differs' })
  })

  it('is none where packages lie without one', () => {
    expect(
      compareWithPackaged({ ...present(undefined), shape: 'packages' }, brought('antenv', CFG.venv36))
    ).toBeUndefined()
  })

  it('is reset for what differs', () => {
    const landing = compareWithPackaged(present(CFG.venv36), brought('antenv', CFG.venv311))
    const expected = expectationOf(landing && { packagedEnvironment: landing.detail })
    const decision = decide(snapshotOf({ environment: present(CFG.venv36) }), expected, policyOf())
    expect(decision).toMatchObject({ action: 'reset', reasons: [{ code: 'venv-in-package', detail: landing?.detail }] })
  })
})

describe('the text of pyvenv.cfg on the server', () => {
  const read = async (...args: Parameters<typeof fakeSite>): Promise<string | undefined> =>
    (await readEnvironment(fakeSite(...args), child(WWWROOT, 'env'), false))?.cfg

  it('is kept as it is', async () => {
    expect(await read(treeOf(posixVenv('env', '3.13', CFG.venv313)))).toBe(CFG.venv313)
    expect(await read(treeOf(windowsVenv('env', '')))).toBe('')
  })

  it.each([
    ['is not there', treeOf(windowsVenv('env', undefined)), {}],
    [
      'cannot be read',
      treeOf(posixVenv('env', '3.13', CFG.venv313)),
      { refuse: ['READ /site/wwwroot/env/pyvenv.cfg'] }
    ],
    ['is far too long', treeOf(posixVenv('env', '3.13', 'x'.repeat(20_000))), {}],
    ['lies behind a link', treeOf(posixVenv('env', '3.13', undefined), { 'env/pyvenv.cfg': linkTo('../x') }), {}]
  ])('is not known where it %s', async (_, tree, oddities) => {
    expect(await read(tree, oddities)).toBeUndefined()
  })
})
