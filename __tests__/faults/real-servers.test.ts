// Real servers behind a proxy that cuts connections at what their client sends: all of the tree goes, and nothing else.
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSite } from '../../src/ftp/site.ts'
import { startProxy, type CutOrder, type FtpProxy } from '../../tools/proxy/proxy.ts'
import { LOGIN, OWNER, startServer, whyMissing, type Server, type Software } from '../../tools/servers/daemon.ts'
import { proftpd } from '../../tools/servers/proftpd.ts'
import { pureFtpd } from '../../tools/servers/pure-ftpd.ts'
import { vsftpd } from '../../tools/servers/vsftpd.ts'
import { ENTRIES, FOLDERS, TREE, clear, laySmallTree, laySurroundings } from './scene.ts'
import { standsForAll } from '../servers/missing.ts'

const TIMEOUT_MS = 5000
/** A sweep sends a few dozen records; each third of them is one that is cut. */
const STEP = 3
const MOST = 150

async function startBehind(software: Software, home: string): Promise<{ server: Server; proxy: FtpProxy }> {
  const server = await startServer(software, { home, mode: 'explicit', recursive: true })
  onTestFinished(() => server.stop())
  const proxy = await startProxy({ controlPorts: [server.port], dataPorts: server.passivePorts })
  onTestFinished(() => proxy.stop())
  return { server, proxy }
}

async function makeHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'home-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  await chmod(home, 0o755)
  return home
}

/** Sweeps once for each record to cut, and gives what was not as it should be. */
async function cutEach(
  software: Software,
  pipelining: boolean,
  how: CutOrder['how']
): Promise<{ readonly cuts: number; readonly wrong: readonly string[] }> {
  const home = await makeHome()
  const around = await laySurroundings(home)
  const { server, proxy } = await startBehind(software, home)
  const wrong: string[] = []
  for (let afterClientRecords = 1; afterClientRecords <= MOST; afterClientRecords += STEP) {
    await laySmallTree(home)
    await promisify(execFile)('chown', ['-Rh', `${OWNER.uid}:${OWNER.gid}`, home])
    const site = await openSite(
      {
        scheme: 'ftp',
        host: proxy.address,
        port: server.port,
        userName: LOGIN.userName,
        password: LOGIN.password,
        tls: 'explicit',
        verify: false
      },
      { timeoutMs: TIMEOUT_MS, signal: AbortSignal.timeout(20_000), connections: 3, pipelining, trace: () => undefined }
    )
    const { cuts } = proxy
    proxy.cut({ afterClientRecords, how })
    const says: string[] = []
    try {
      const swept = await site.sweep(TREE)
      const { files, directories } = swept
      if (files !== ENTRIES || directories !== FOLDERS || swept.refused.length > 0) says.push(JSON.stringify(swept))
    } catch (error) {
      says.push(String(error))
    } finally {
      site.close()
    }
    says.push(...(await around.differences()))
    if (says.length > 0) wrong.push(`record ${afterClientRecords}: ${says.join(', ')}`)
    await clear(home)
    if (proxy.cuts === cuts) break
  }
  return { cuts: proxy.cuts, wrong }
}

for (const software of [vsftpd, proftpd, pureFtpd]) {
  const missing = await whyMissing(software)
  describe(software.name, () => {
    if (standsForAll(missing)) return
    it.each([true, false].flatMap(pipelining => (['fin', 'rst'] as const).map(how => [pipelining, how] as const)))(
      'is swept whatever is cut: pipelining %s, by %s',
      async (pipelining, how) => {
        const { cuts, wrong } = await cutEach(software, pipelining, how)
        expect(wrong).toEqual([])
        expect(cuts).toBeGreaterThan(pipelining ? 3 : 9)
      }
    )
  })
}
