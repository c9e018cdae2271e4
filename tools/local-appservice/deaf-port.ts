// A port behind a firewall that drops packets, without a firewall: connections to it are neither taken nor refused.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** Is a port that takes no connection; `close` it. */
export interface DeafPort {
  readonly port: number
  close(): Promise<void>
}

// A server in a thread that sleeps takes nothing off its queue, and the kernel drops what comes when the queue is full.
const SLEEPER = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

/** How long a connection on the same machine may take before it counts as dropped. */
const DROPPED_AFTER_MS = 200
const LONGEST_QUEUE = 16

/** Opens such a port; throws where the system refuses connections instead of dropping them, as Windows does. */
export async function openDeafPort(): Promise<DeafPort> {
  const worker = new Worker(SLEEPER, { eval: true })
  const [port] = (await once(worker, 'message')) as [number]
  const queued: Socket[] = []
  const close = async (): Promise<void> => {
    for (const socket of queued) socket.destroy()
    await worker.terminate()
  }
  while (queued.length < LONGEST_QUEUE) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    queued.push(socket)
    const taken = once(socket, 'connect').then(
      () => true,
      () => false
    )
    if (!(await Promise.race([taken, pause(DROPPED_AFTER_MS, false)])) && socket.connecting) return { port, close }
  }
  await close()
  throw new Error('This system does not drop connections to a port that nobody serves')
}
