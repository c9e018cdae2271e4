// Caps on connections in all their ways, transfers that run out, idle sessions, and a server that is gone for a while.
import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import type { ConnectionCap } from '../../tools/local-appservice/misbehaviour.ts'
import { expectAllGone, loginsOf, startLab } from './lab.ts'
import { TREE, allOf, layManyFiles } from './scene.ts'
import { targetOf } from '../unit/tools/lab.ts'

const WAYS: readonly ConnectionCap['how'][] = ['421', '530', 'silence', 'hang-up', '421 after login']
/** Short, because a connection that is never greeted is waited for. */
const TIMEOUT_MS = 1000
const WANTED = 8
const FILES = 200

describe('a cap on connections', () => {
  it.each(WAYS.flatMap(how => [1, 2, 3].flatMap(most => [true, false].map(pipelining => ({ how, most, pipelining })))))(
    'of $most by $how is kept to, without a storm of logins, pipelining $pipelining',
    async options => {
      const { how, most, pipelining } = options
      const lab = await startLab({ personality: 'unix' })
      const folders = await layManyFiles(lab.home, FILES)
      lab.app.ftp.connectionCap = { most, how }
      const site = await lab.open({ pipelining, connections: WANTED, timeoutMs: TIMEOUT_MS })
      expect(await site.sweep(TREE)).toMatchObject(allOf(FILES, folders))
      await expectAllGone(lab)
      const { connections, reconnects } = site.account()
      if (how !== '421 after login') expect(connections - reconnects).toBeLessThanOrEqual(most)
      // Each of those that are wanted may find out by itself, and none of them twice.
      expect(loginsOf(lab.app)).toBeLessThanOrEqual(WANTED)
      expect(lab.app.ftp.misbehaved.connectionCap).toBeLessThanOrEqual(WANTED)
      if (!pipelining) expect(lab.app.ftp.misbehaved.connectionCap).toBeGreaterThan(0)
    }
  )

  it.each(WAYS)('that is lowered to one by %s while it runs is kept to, and so is its end', async how => {
    const lab = await startLab({ personality: 'iis' })
    const folders = await layManyFiles(lab.home, FILES)
    const site = await lab.open({ connections: WANTED, timeoutMs: TIMEOUT_MS })
    const seen = new Set<number>()
    const doomed = new Set<number>()
    lab.app.ftp.hook = ({ count, session }) => {
      if (count > 0) seen.add(session)
      if (count === 60) {
        lab.app.ftp.connectionCap = { most: 1, how }
        for (const one of seen) doomed.add(one)
      }
      if (count === 200) lab.app.ftp.connectionCap = undefined
      return doomed.delete(session) ? { cut: 'before' } : undefined
    }
    expect(await site.sweep(TREE)).toMatchObject(allOf(FILES, folders))
    expect(lab.app.ftp.misbehaved.cut).toBeGreaterThan(0)
    await expectAllGone(lab)
    expect(loginsOf(lab.app)).toBeLessThan(4 * WANTED)
  })
})

describe('a server that takes no more', () => {
  it.each([1, 2, 3])('than %i transfers on a connection is swept all the same', async transfers => {
    const lab = await startLab({ personality: 'iis' })
    const folders = await layManyFiles(lab.home, FILES)
    lab.app.ftp.transfersPerSession = transfers
    const site = await lab.open()
    // Whether the folder itself went is asked for by another listing, which the server may refuse as well.
    expect(await site.sweep(TREE)).toMatchObject({ files: FILES, directories: folders, unfinished: false })
    expect(lab.app.ftp.misbehaved.transfersPerSession).toBeGreaterThan(0)
    await expectAllGone(lab)
  })

  it.each([true, false])('of a session that idles is asked again over another, pipelining %s', async pipelining => {
    const lab = await startLab({ personality: 'iis' })
    const folders = await layManyFiles(lab.home, FILES)
    lab.app.ftp.idleMs = 40
    const site = await lab.open({ pipelining })
    await vi.waitFor(() => {
      expect(lab.app.ftp.misbehaved.idleMs).toBeGreaterThan(0)
    })
    expect(await site.sweep(TREE)).toMatchObject(allOf(FILES, folders))
    await expectAllGone(lab)
  })
})

describe('a server that is gone', () => {
  const GONE_MS = 1000
  it.each([true, false])('for a second is waited for, pipelining %s', async pipelining => {
    const lab = await startLab({ personality: 'unix', recursiveListings: true })
    const folders = await layManyFiles(lab.home, FILES)
    const site = await lab.open({ pipelining })
    let isGone: boolean | undefined
    lab.app.ftp.hook = ({ count }) => {
      if (count === 40) {
        isGone = true
        lab.app.ftp.connectionCap = { most: 0, how: 'hang-up' }
        setTimeout(() => {
          isGone = false
          lab.app.ftp.connectionCap = undefined
        }, GONE_MS)
      }
      return isGone === true ? { cut: 'before', how: 'rst' } : undefined
    }
    expect(await site.sweep(TREE)).toMatchObject(allOf(FILES, folders))
    expect(isGone).toBe(false)
    await expectAllGone(lab)
  })

  it('for good is an error, and its logins are few', async () => {
    const lab = await startLab({ personality: 'unix' })
    await layManyFiles(lab.home, FILES)
    const site = await lab.open()
    lab.app.ftp.hook = ({ count }) => {
      if (count < 40) return undefined
      lab.app.ftp.connectionCap = { most: 0, how: 'hang-up' }
      return { cut: 'before' }
    }
    await expect(site.sweep(TREE)).rejects.toMatchObject({ name: 'SiteError' })
    expect(lab.app.ftp.misbehaved.connectionCap).toBeLessThanOrEqual(12)
  })
})

describe('a process that has swept', () => {
  const SOURCE = join(import.meta.dirname, '../../src/ftp/site.ts')
  /** Longer than it takes to leave, and shorter than any timeout that would keep it alive. */
  const LEAVES_WITHIN_MS = 3000
  it.each(['silence', 'hang-up', undefined] as const)(
    'ends by itself where further connections meet: %s',
    async how => {
      const lab = await startLab({ personality: 'unix' })
      await layManyFiles(lab.home, FILES)
      const target = targetOf(lab.app, 'off')
      if (how) lab.app.ftp.connectionCap = { most: 1, how }
      const script = `
      const { openSite } = await import(${JSON.stringify(pathToFileURL(SOURCE).href)})
      const site = await openSite(${JSON.stringify(target)}, {
        timeoutMs: 30000, signal: new AbortController().signal, connections: 4, trace: () => undefined
      })
      const { files } = await site.sweep(${JSON.stringify(TREE)})
      site.close()
      const closed = Date.now()
      process.on('exit', () => console.log(JSON.stringify([files, Date.now() - closed])))`
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
      const [files, lingeredMs] = JSON.parse(stdout) as readonly number[]
      expect(files).toBe(FILES)
      expect(lingeredMs).toBeLessThan(LEAVES_WITHIN_MS)
      await expectAllGone(lab)
    }
  )
})
