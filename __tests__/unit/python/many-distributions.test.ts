// A whole inventory over a local server: what it costs where much is installed.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openReadOnly } from '../../../src/ftp/site.ts'
import { takeInventory, type Inventory } from '../../../src/python/closure.ts'
import { metadataReader } from '../../../src/python/read-metadata.ts'
import { readEnvironment } from '../../../src/python/read-venv.ts'
import type { Environment } from '../../../src/python/venv.ts'
import { remotePath, type ReadableSite } from '../../../src/site.ts'
import { startLocalAppService, type LocalAppService } from '../../../tools/local-appservice/index.ts'
import { makePosixVenv } from '../../../tools/local-appservice/sites.ts'
import { requirementsOf } from './inventories.ts'
import { LINUX } from './metadata-corpus.ts'

const ENVIRONMENT = remotePath('/site/wwwroot/antenv')
const INSTALLED = 300
/** Each of the first ones needs the next two, as a tree; what comes after them stands alone. */
const REACHABLE = 31
const CONNECTIONS = 4

let app: LocalAppService
let site: ReadableSite
beforeEach(async () => {
  app = await startLocalAppService()
  await makePosixVenv(join(app.home, ENVIRONMENT), { python: '3.12' })
  const packages = join(app.home, ENVIRONMENT, 'lib/python3.12/site-packages')
  for (let at = 0; at < INSTALLED; at++) {
    const folder = join(packages, `p${String(at)}-1.0.dist-info`)
    const needs = at < (REACHABLE - 1) / 2 ? [2 * at + 1, 2 * at + 2] : []
    const lines = needs.map(next => `Requires-Dist: p${String(next)} (>=1.0)\n`)
    await mkdir(folder)
    await writeFile(
      join(folder, 'METADATA'),
      `Metadata-Version: 2.1\nName: p${String(at)}\nVersion: 1.0\n${lines.join('')}\nText\n`
    )
  }
  site = await openReadOnly(
    {
      scheme: 'ftp',
      host: '127.0.0.1',
      port: app.ftp.explicitPort,
      userName: app.userName,
      password: app.password,
      tls: 'explicit',
      verify: false
    },
    { timeoutMs: 5000, signal: new AbortController().signal, trace: () => undefined, connections: CONNECTIONS }
  )
})
afterEach(async () => {
  site.close()
  await app.close()
})

const argumentsOf = (verb: RegExp): readonly string[] =>
  app.ftp.transcript.filter(line => verb.test(line.verb)).map(({ argument }) => argument)

async function environment(): Promise<Environment> {
  const found = await readEnvironment(site, ENVIRONMENT, true)
  if (!found) throw new Error('no environment')
  return found
}

async function take(asked: readonly string[], { distributions, sitePackages }: Environment): Promise<Inventory> {
  if (!sitePackages) throw new Error('no site-packages')
  return takeInventory(distributions, requirementsOf(asked), LINUX, metadataReader(site, sitePackages))
}

describe(`where ${String(INSTALLED)} distributions are installed`, () => {
  it('site-packages is listed once, and only what can be reached is read', async () => {
    const { removed, gaps } = await take(['p0'], await environment())
    expect(gaps).toEqual([])
    expect(removed).toHaveLength(INSTALLED - REACHABLE)
    const listed = argumentsOf(/^(LIST|MLSD|STAT|NLST)$/).filter(path => path.includes('site-packages'))
    expect(listed).toHaveLength(1)
    const read = argumentsOf(/^RETR$/).filter(path => path.endsWith('/METADATA'))
    const wanted = Array.from(
      { length: REACHABLE },
      (_, at) => `${ENVIRONMENT}/lib/python3.12/site-packages/p${String(at)}-1.0.dist-info/METADATA`
    )
    expect([...read].sort()).toEqual(wanted.sort())
    expect(new Set(app.ftp.transcript.map(({ session }) => session)).size).toBeLessThanOrEqual(CONNECTIONS)
  })

  it('nothing is read where the names tell everything', async () => {
    const found = await environment()
    const { removed } = await take(
      found.distributions.map(({ name }) => name),
      found
    )
    expect(removed).toEqual([])
    expect(argumentsOf(/^RETR$/).filter(path => path.endsWith('/METADATA'))).toEqual([])
  })

  it('a session that takes few transfers only is renewed, as often as it needs', async () => {
    const found = await environment()
    app.ftp.transfersPerSession = 5
    const all = found.distributions.map(({ name }) => name).filter(name => name !== 'p299')
    const { removed, gaps } = await take(all, found)
    expect({ removed, gaps }).toEqual({ removed: ['p299'], gaps: [] })
    expect(app.ftp.misbehaved.transfersPerSession).toBeGreaterThan(0)
  })

  it('one that cannot be read is a gap where it can be reached, and none where it cannot', async () => {
    const found = await environment()
    for (const name of ['p3', 'p200']) {
      await rm(join(app.home, String(found.sitePackages), `${name}-1.0.dist-info/METADATA`))
    }
    const { gaps } = await take(['p0'], found)
    expect(gaps).toEqual([expect.stringContaining('p3-1.0.dist-info/METADATA could not be read')])
  })
})
