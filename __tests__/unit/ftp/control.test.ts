// A control connection with many commands under way, over a real socket: what is written, what is matched, what ends it.
import { Client } from 'basic-ftp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openAccount, type Account } from '../../../src/ftp/account.ts'
import { controlOver, repliesTo, type Control } from '../../../src/ftp/control.ts'
import type { Reply } from '../../../src/ftp/replies.ts'
import { startScripted, type Answer, type Peer, type ScriptedServer } from './scripted-server.ts'

interface Scene {
  readonly client: Client
  readonly control: Control
  readonly account: Account
  readonly server: ScriptedServer
  readonly trace: string[]
  readonly unasked: Reply[]
}

async function scene(answer: Answer): Promise<Scene> {
  const server = await startScripted(answer)
  const client = new Client(5000)
  const account = openAccount()
  const trace: string[] = []
  const unasked: Reply[] = []
  client.ftp.log = line => trace.push(line)
  const control = controlOver(client, account, reply => unasked.push(reply))
  onTestFinished(() => {
    client.close()
  })
  await client.connect('127.0.0.1', server.port)
  return { client, control, account, server, trace, unasked }
}

const codes = (replies: readonly (Reply | undefined)[]): readonly (number | undefined)[] =>
  replies.map(reply => reply?.code)

/** Resolves when the connection is closed on this side. */
function closing({ control }: Scene): Promise<unknown> {
  return repliesTo(control, ['NOOP'])
}

describe('what is written', () => {
  it('is whole lines in pieces of at most 2,000 bytes, each one only after the one before has left', async () => {
    const { client, control, server } = await scene(() => '250 ok')
    const { socket } = client.ftp
    const write = socket.write.bind(socket) as (chunk: string, done: unknown) => boolean
    const pieces: string[] = []
    let leaving = 0
    let most = 0
    socket.write = (chunk: string, done: unknown) => {
      // The library's goodbye waits for nothing.
      if (typeof done !== 'function') return write(chunk, done)
      pieces.push(chunk)
      most = Math.max(most, ++leaving)
      return write(chunk, () => {
        leaving--
        ;(done as () => void)()
      })
    }
    const lines = Array.from({ length: 500 }, (_, index) => `DELE /site/wwwroot/${'ü'.repeat(index % 90)}${index}`)
    await control.flight(lines)
    expect(server.peers[0]?.lines).toEqual(lines)
    expect(most).toBe(1)
    expect(pieces.every(piece => piece.endsWith('\r\n'))).toBe(true)
    const sizes = pieces.map(piece => Buffer.byteLength(piece))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2000)
    // Full ones, or each command would cost a record of its own.
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(1700)
    const replies = []
    for (const line of lines.slice(0, 20)) {
      replies.push(repliesTo(control, [line]))
      await Promise.resolve()
    }
    await Promise.all(replies)
    expect(most).toBe(1)
  })

  it('is one write for a few commands', async () => {
    const { control, server } = await scene((line, peer) => (line === 'C' ? `200 ${peer.piece.join()}` : '200 ok'))
    expect((await control.flight(['A', 'B', 'C'])).at(-1)?.text).toBe('200 A,B,C')
    expect(server.peers).toHaveLength(1)
  })

  it.each(['DELE a\r\nRMD b', 'DELE a\n', 'DELE \0', 'DELE \u007f'])(
    'is nothing at all where one of the commands has a control character: %j',
    async line => {
      const { control, server } = await scene(() => '200 ok')
      await expect(control.flight(['NOOP', line])).rejects.toThrow(RangeError)
      expect(() => {
        control.send(line, () => undefined)
      }).toThrow(/not a command/)
      await control.flight(['PWD'])
      expect(server.peers[0]?.lines).toEqual(['PWD'])
    }
  )

  it('never shows a password, in the trace or in an error', async () => {
    const { control, client, trace } = await scene(() => '230 ok')
    await control.flight(['USER me', 'PASS my-secret'])
    await client.send('PASS my-secret')
    expect(trace.join('\n')).not.toContain('my-secret')
    expect(trace.filter(line => line.includes('PASS ###'))).toHaveLength(2)
    await expect(control.flight(['PASS my-secret\n'])).rejects.toThrow(/^not a command: "PASS ###"$/)
  })
})

describe('replies', () => {
  it('to 20,000 commands under way at once are all counted, each for its own', { timeout: 60_000 }, async () => {
    let rest = ''
    let cut = 7
    // Whatever the sizes of the pieces, and most of them end within a line.
    const inPieces = (peer: Peer, text: string): void => {
      rest += text
      for (; rest.length > 4096; cut = (cut * 31) % 4093) {
        peer.socket.write(rest.slice(0, cut + 1))
        rest = rest.slice(cut + 1)
      }
    }
    const { control, account } = await scene((line, peer) => {
      if (line === 'PWD') {
        peer.socket.write(rest)
        rest = ''
        return '257 "/"'
      }
      inPieces(peer, `${line.endsWith('7') ? 550 : 250} reply to ${line}\r\n`)
      return undefined
    })
    const lines = Array.from({ length: 20_000 }, (_, index) => `DELE /x${index}`)
    const replies = await control.flight([...lines, 'PWD'])
    expect(replies.slice(0, -1).map(({ text }) => text.slice(13))).toEqual(lines)
    expect(replies.filter(({ code }) => code === 550)).toHaveLength(2000)
    expect(replies.at(-1)?.code).toBe(257)
    expect(account).toMatchObject({ commands: 20_001, window: 20_001 })
    expect(control.outstanding).toBe(0)
  })

  it('that only mark progress are passed over', async () => {
    const { control } = await scene(line => (line === 'A' ? '150 wait\r\n120 still\r\n226 done' : '250 ok'))
    expect(codes(await control.flight(['A', 'B']))).toEqual([226, 250])
  })

  it('of the library come to it, before and after commands that were under way together', async () => {
    const { client, control, account } = await scene(line => `2${line.length}0 ${line}`)
    expect((await client.send('NOOP')).message).toBe('240 NOOP')
    expect(codes(await control.flight(['AAA', 'BB']))).toEqual([230, 220])
    expect((await client.send('DELE x')).code).toBe(260)
    expect(account).toMatchObject({ commands: 4, bytesSent: 6 + 5 + 4 + 8, window: 2 })
  })

  it('to a login are not counted in the account, because only what comes after it is', async () => {
    const { client, control, account } = await scene(() => '230 ok')
    await control.flight(['USER me', 'PASS x', 'FEAT', 'TYPE I', 'OPTS UTF8 ON', 'PBSZ 0', 'PROT P'])
    await client.send('USER me')
    expect(account).toMatchObject({ commands: 0, window: 0 })
  })
})

describe('what is outstanding is told of the end', () => {
  it.each([
    ['that the server makes (FIN)', (peer: Peer) => void peer.socket.end()],
    ['that breaks in (RST)', (peer: Peer) => void peer.socket.resetAndDestroy()],
    ['that is a line which can be no reply', (peer: Peer) => void peer.socket.write('<html>\r\n')]
  ])('%s', async (_, finish) => {
    const all = await scene((line, peer) => {
      if (line !== 'C') return line < 'C' ? '250 ok' : undefined
      peer.socket.write('', () => {
        finish(peer)
      })
      return undefined
    })
    const replies = await repliesTo(all.control, ['A', 'B', 'C', 'D', 'E'])
    expect(replies.slice(2)).toEqual([undefined, undefined, undefined])
    expect(all.client.closed).toBe(true)
    expect(all.control.outstanding).toBe(0)
    await expect(all.control.flight(['F'])).rejects.toMatchObject({ kind: 'lost' })
  })

  it('by a server that says nothing for as long as it may', async () => {
    const all = await scene(line => (line === 'A' ? '250 ok' : undefined))
    all.control.patienceMs = 100
    const begun = performance.now()
    expect(codes(await repliesTo(all.control, ['A', 'B', 'C']))).toEqual([250, undefined, undefined])
    expect(performance.now() - begun).toBeGreaterThan(90)
    expect(all.client.closed).toBe(true)
  })

  it('and nothing ends while nothing is outstanding', async () => {
    const all = await scene(() => '250 ok')
    all.control.patienceMs = 20
    await all.control.flight(['A'])
    await new Promise(resolve => setTimeout(resolve, 60))
    expect(codes(await all.control.flight(['B']))).toEqual([250])
  })
})

describe('a reply that nobody waits for closes the connection', () => {
  it('when it comes behind the last one that was waited for', async () => {
    const all = await scene(line => (line === 'B' ? '250 ok\r\n250 one more' : '250 ok'))
    expect(codes(await repliesTo(all.control, ['A', 'B']))).toEqual([250, 250])
    expect(await closing(all)).toEqual([undefined])
    expect(all.unasked.map(({ text }) => text)).toEqual(['250 one more'])
    await expect(all.client.send('NOOP')).rejects.toThrow(/nobody had asked for: 250 one more/)
  })

  it('when it comes while nothing is under way', async () => {
    const all = await scene(() => '250 ok')
    await all.control.flight(['A'])
    all.server.peers[0]?.say('250 from nowhere')
    await until(() => all.client.closed)
    expect(all.unasked).toHaveLength(1)
    expect(await closing(all)).toEqual([undefined])
  })

  it('when the server ends an idle session, which is no oddity', async () => {
    const all = await scene(() => '250 ok')
    all.server.peers[0]?.say('421 Timeout.')
    await until(() => all.client.closed)
    expect(all.unasked).toEqual([])
    await expect(all.client.send('NOOP')).rejects.toThrow(/421 Timeout/)
  })

  it('when it would answer a command that has not left yet', async () => {
    const all = await scene(line => (line === 'A' ? '250 ok\r\n550 for the next one' : '250 ok'))
    const next = Promise.withResolvers<Reply | undefined>()
    all.control.send('A', () => {
      all.control.send('B', next.resolve)
    })
    expect(await next.promise).toBeUndefined()
    expect(all.unasked.map(({ code }) => code)).toEqual([550])
  })
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}
