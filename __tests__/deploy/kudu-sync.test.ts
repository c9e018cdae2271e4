// What Kudu's own copying removes and what it leaves alone: the reason why an environment survives a deployment.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { kuduSync } from '../../tools/deploy/kudu-sync.ts'
import { listTree, makePackage } from '../../tools/local-appservice/sites.ts'

interface Places {
  readonly from: string
  readonly to: string
  /** Synchronises with the manifest of the last time. */
  readonly sync: () => Promise<void>
  readonly manifest: () => Promise<readonly string[]>
}

async function startPlaces(): Promise<Places> {
  const folder = await mkdtemp(join(tmpdir(), 'kudusync-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [from, to, manifest] = [join(folder, 'package'), join(folder, 'wwwroot'), join(folder, 'manifest')] as const
  await mkdir(to)
  await writeFile(manifest, 'hostingstart.html\n')
  return {
    from,
    to,
    sync: () =>
      kuduSync({ from, to, previousManifest: manifest, nextManifest: manifest, ignore: ['.git', '.deployment'] }),
    manifest: async () => (await readFile(manifest, 'utf8')).split('\n').sort()
  }
}

it('removes what the last deployment brought and this one does not, and nothing else', async () => {
  const { from, to, sync } = await startPlaces()
  await makePackage(from, ['alpha==1.0'], { 'static/old.css': '', 'static/new.css': '' })
  await sync()
  const left = { 'antenv/pyvenv.cfg': '', 'static/uploaded.jpg': '', 'env/azure.env.python-3.4.txt': '' }
  await makePackage(to, ['alpha==1.0'], left)
  await rm(join(from, 'static', 'old.css'))
  await sync()
  expect(await listTree(to)).toEqual([
    'antenv/',
    'antenv/pyvenv.cfg',
    'app.py',
    'env/',
    'env/azure.env.python-3.4.txt',
    'requirements.txt',
    'static/',
    'static/new.css',
    'static/uploaded.jpg'
  ])
})

it('removes the page of a new app with the first deployment', async () => {
  const { from, to, sync } = await startPlaces()
  await makePackage(from, [])
  await writeFile(join(to, 'hostingstart.html'), '')
  await sync()
  expect((await readdir(to)).sort()).toEqual(['app.py', 'requirements.txt'])
})

it('lists what it copied, without what it was told to ignore', async () => {
  const { from, sync, manifest } = await startPlaces()
  await makePackage(from, [], { '.deployment': '', '.git/HEAD': '', 'static/a.css': '' })
  await sync()
  expect(await manifest()).toEqual(['app.py', 'requirements.txt', 'static', join('static', 'a.css')])
})

it('copies a file again that has other content, even of the same length', async () => {
  const { from, to, sync } = await startPlaces()
  await makePackage(from, ['alpha==1.0'])
  await sync()
  await makePackage(from, ['alpha==2.0'])
  await sync()
  expect(await readFile(join(to, 'requirements.txt'), 'utf8')).toBe('alpha==2.0\n')
})

it('fails with the words of kudusync where there is nothing to copy', async () => {
  const { sync } = await startPlaces()
  await expect(sync()).rejects.toThrow("From directory doesn't exist")
})
