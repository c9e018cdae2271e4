// The server's half of a control connection: texts leave in their order, later or in pieces where that was asked for.
import type { Socket } from 'node:net'
import { setImmediate as breathe, setTimeout as pause } from 'node:timers/promises'

/** Takes what is to be sent on one control connection. */
export interface Outbox {
  /** Sends a text after all those before it, and not before `dueAt` on the clock of `performance.now()`. */
  post(text: string, dueAt?: number): void
  /** Resolves when everything has been given to the system, or can be no more. */
  drained(): Promise<void>
}

/** Makes the outbox of a connection; `target` gives its present socket, which TLS replaces. */
export function makeOutbox(
  target: () => Socket,
  { inPieces, encoding }: { readonly inPieces: () => boolean; readonly encoding: () => BufferEncoding },
  signal: AbortSignal
): Outbox {
  const parcels: { readonly text: string; readonly dueAt: number }[] = []
  let isPumping = false
  let pumped = Promise.resolve()
  const write = (text: string): void => {
    if (target().writable) target().write(text, encoding())
  }
  const pump = async (): Promise<void> => {
    try {
      for (let parcel = parcels.shift(); parcel !== undefined; parcel = parcels.shift()) {
        const waitMs = parcel.dueAt - performance.now()
        if (waitMs > 0) await pause(waitMs, undefined, { signal })
        if (inPieces()) await writePieces(target(), Buffer.from(parcel.text, encoding()))
        else write(parcel.text)
      }
    } catch {
      // The session has ended, and nobody waits for the rest.
      parcels.length = 0
    } finally {
      isPumping = false
    }
  }
  return {
    post(text, dueAt = 0) {
      if (!isPumping && dueAt <= performance.now() && !inPieces()) {
        write(text)
        return
      }
      parcels.push({ text, dueAt })
      if (isPumping) return
      isPumping = true
      pumped = pump()
    },
    async drained() {
      await pumped
      if (target().writable) await new Promise(resolve => target().write('', resolve))
    }
  }
}

/** Writes one to three bytes at a time, each piece on its own way before the next one is written. */
async function writePieces(socket: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0, length = 1; at < bytes.length && socket.writable; at += length, length = (length % 3) + 1) {
    // Node would put pieces that wait for each other together again.
    await new Promise(resolve => socket.write(bytes.subarray(at, at + length), resolve))
    await breathe()
  }
}
