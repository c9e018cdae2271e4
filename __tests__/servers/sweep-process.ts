// Sweeps one tree in a process of its own, and prints what it took. Run by `memory.test.ts`, with the port and the path.
import { openSite } from '../../src/ftp/site.ts'
import { mutable, remotePath } from '../../src/site.ts'
import { LOGIN } from '../../tools/servers/daemon.ts'

const [port, path = ''] = process.argv.slice(2)
const { userName, password } = LOGIN
const site = await openSite(
  { scheme: 'ftp', host: '127.0.0.1', port: Number(port), userName, password, tls: 'explicit', verify: false },
  { timeoutMs: 30_000, signal: new AbortController().signal, trace: () => undefined, connections: 8 }
)
const { files, directories, refused } = await site.sweep(mutable(remotePath(path)))
const { rungs } = site.account()
site.close()
const maxMb = process.resourceUsage().maxRSS / 1024
process.stdout.write(JSON.stringify({ files, directories, refused, rungs, maxMb }))
