// One direction of a connection through a proxy: bytes leave in their order, each a set time after it came.
import type { Socket } from 'node:net'

/** Carries bytes to a socket that may not be there yet. */
export interface Pipe {
  /** Takes bytes that have come; `then` runs when they are out. */
  push(chunk: Buffer, then?: () => void): void
  /** Ends the target when everything before is out. */
  end(): void
  /** Names the target, and lets what has gathered leave for it. */
  attach(target: Socket): void
  /** Takes nothing more, and lets leave what is on its way. */
  shut(): void
}

interface Parcel {
  readonly dueAt: number
  /** `undefined`: the end. */
  readonly chunk: Buffer | undefined
  readonly then: (() => void) | undefined
}

/** More than is under way on any line that the tests imitate: beyond it the source has to wait. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** Timers may fire this much before their time. */
const EARLY_MS = 0.5

/** Makes a pipe that holds each byte for a while; it pauses the source where the target is slow. */
export function makePipe(source: Socket, holdMs: number): Pipe {
  const parcels: Parcel[] = []
  let target: Socket | undefined
  let waiting = 0
  let isBlocked = false
  let isShut = false
  let timer: NodeJS.Timeout | undefined

  const deliver = ({ chunk, then }: Parcel): void => {
    if (!chunk) {
      target?.end()
      return
    }
    waiting -= chunk.length
    isBlocked = target?.write(chunk, then) === false
    if (isBlocked) {
      target?.once('drain', () => {
        isBlocked = false
        pump()
      })
    }
  }
  const pump = (): void => {
    clearTimeout(timer)
    while (target && !isBlocked) {
      const [next] = parcels
      if (!next) break
      const waitMs = next.dueAt - performance.now()
      if (waitMs > EARLY_MS) {
        timer = setTimeout(pump, waitMs)
        break
      }
      parcels.shift()
      deliver(next)
    }
    if (waiting > MAX_WAITING_BYTES) source.pause()
    else if (source.isPaused()) source.resume()
  }
  const add = (chunk: Buffer | undefined, then?: () => void): void => {
    if (isShut) return
    waiting += chunk?.length ?? 0
    parcels.push({ dueAt: performance.now() + holdMs, chunk, then })
    if (parcels.length === 1 || waiting > MAX_WAITING_BYTES) pump()
  }
  return {
    push: add,
    end() {
      add(undefined)
    },
    attach(socket) {
      target = socket
      pump()
    },
    shut() {
      isShut = true
    }
  }
}
