// A line of a given round trip between clients and this machine's servers. Linux only.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startProxy } from '../proxy/proxy.ts'
import type { Served } from './served.ts'

const run = promisify(execFile)

/** A program with its arguments. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A line; `close` it. */
export interface Link {
  readonly rttMs: number
  /** `none`: the loopback device as it is. `proxy`: bytes are held, not packets, so that there is no slow start. */
  readonly how: 'none' | 'tun' | 'proxy'
  /** Where clients find the server. */
  readonly host: string
  /** The same command, on the far side of the line. */
  wrap(command: Command): Command
  close(): Promise<void>
}

/** Longer than the devices' queues ever get, so that nothing is lost. */
const QUEUE_LENGTH = '10000'

let opened = 0

/** Opens a line with that round trip; 0 is the loopback device. Throws where this machine cannot make one. */
export async function openLink(rttMs: number, served: Served, cache: string): Promise<Link> {
  const loopback = { rttMs, host: '127.0.0.1', wrap: (command: Command) => command }
  if (rttMs === 0) return { ...loopback, how: 'none', close: () => Promise.resolve() }
  const tunnel = await openTunnel(rttMs, cache)
  if (tunnel) return tunnel
  if (!served.dataPorts) throw new Error('TUN devices cannot be made here, and this server chooses its ports freely')
  const { port, dataPorts } = served
  const proxy = await startProxy({ controlPorts: [port], dataPorts, delayMs: rttMs })
  return { ...loopback, how: 'proxy', host: proxy.address, close: () => proxy.stop() }
}

/** Needs root, a compiler and TUN devices; `undefined` where one of them is missing. */
async function openTunnel(rttMs: number, cache: string): Promise<Link | undefined> {
  const program = join(cache, 'delay')
  await mkdir(cache, { recursive: true })
  const compiled = await run('gcc', ['-O2', '-o', program, join(import.meta.dirname, 'delay.c')]).then(
    () => true,
    () => false
  )
  if (!compiled) return undefined
  const [here, there] = ['h', 'c'].map(side => `ape${process.pid % 1_000_000}${side}${opened % 100}`)
  opened++
  if (here === undefined || there === undefined) throw new Error('unreachable')
  const child = spawn(program, [String(rttMs * 1000), here, there], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const started = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)])
  if (!started) return undefined
  const close = async (): Promise<void> => {
    // It ends with its input, and the devices and the namespace end with it.
    child.stdin.end()
    await ended
  }
  const enter = [`--net=/proc/${child.pid ?? 0}/ns/net`, '--']
  try {
    await configure(here, there, command => run('nsenter', [...enter, ...command]))
  } catch (error) {
    await close()
    throw error
  }
  return {
    rttMs,
    how: 'tun',
    host: '127.0.0.1',
    wrap: ({ file, args, ...rest }) => ({ ...rest, file: 'nsenter', args: [...enter, file, ...args] }),
    close
  }
}

/** Gives both ends an address, and leads 127.0.0.1 of the far side to the near side's, where the servers listen. */
async function configure(
  here: string,
  there: string,
  over: (command: readonly string[]) => Promise<unknown>
): Promise<void> {
  const network = `10.219.${process.pid % 250}`
  const base = (opened % 60) * 4
  const [near, far] = [`${network}.${base + 1}`, `${network}.${base + 2}`]
  await run('ip', ['addr', 'add', `${near}/30`, 'dev', here])
  await run('ip', ['link', 'set', here, 'up', 'txqueuelen', QUEUE_LENGTH])
  await over(['ip', 'addr', 'add', `${far}/30`, 'dev', there])
  await over(['ip', 'link', 'set', there, 'up', 'txqueuelen', QUEUE_LENGTH])
  // Loopback addresses do not leave a machine unless a device lets them.
  await writeFile(localRouting(here), '1')
  await over(['sh', '-c', `echo 1 >${localRouting(there)}`])
  // What most machines do; the kernel's own default may be another.
  await run('ip', ['route', 'change', `${network}.${base}/30`, 'dev', here, 'congctl', 'cubic', 'src', near])
  await over(['ip', 'route', 'add', '127.0.0.1/32', 'via', near, 'dev', there, 'src', far, 'congctl', 'cubic'])
}

function localRouting(device: string): string {
  return `/proc/sys/net/ipv4/conf/${device}/route_localnet`
}
