// Logins over real sockets: in one flight, one command after the other, and from the first to the second where it is odd.
import { Client } from 'basic-ftp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openAccount } from '../../../src/ftp/account.ts'
import { connect, type Connection } from '../../../src/ftp/connection.ts'
import { controlOver } from '../../../src/ftp/control.ts'
import type { ConnectionOptions } from '../../../src/ftp/greeting.ts'
import { nothingLearned, type Learned } from '../../../src/ftp/learned.ts'
import { logInAtOnce, type FlightOutcome } from '../../../src/ftp/login.ts'
import { startApp } from '../tools/lab.ts'
import {
  patient,
  startScripted,
  targetOf,
  verbOf,
  verbs,
  welcoming,
  type Answer,
  type Peer,
  type ScriptedServer
} from './scripted-server.ts'

const trace: string[] = []

function options(timeoutMs = 5000, signal = new AbortController().signal): ConnectionOptions {
  trace.length = 0
  return { timeoutMs, signal, trace: line => trace.push(line) }
}

/** Logs in and out again. */
async function enter(server: ScriptedServer, learned: Learned, timeoutMs = 5000): Promise<Connection> {
  const connection = await connect(targetOf(server), options(timeoutMs), learned)
  connection.close()
  return connection
}

/** Sends a login in one flight, with so much patience for what follows the password and all the world's for that. */
async function flightTo(server: ScriptedServer, settingsPatienceMs: number): Promise<FlightOutcome> {
  const client = new Client(600_000)
  onTestFinished(() => {
    client.close()
  })
  const control = controlOver(client, openAccount())
  await client.connect('127.0.0.1', server.port)
  return logInAtOnce(client, control, targetOf(server), settingsPatienceMs)
}

/** Answers only where one command came at a time. */
function strict(answer: Answer): Answer {
  return (line, peer) => (peer.piece.length > 1 ? '500 Too many at once' : answer(line, peer))
}

const STEPS = 'USER PASS FEAT TYPE OPTS'

describe('a login', () => {
  it('sends all its commands before any of them is answered', async () => {
    const server = await startScripted(patient(welcoming()))
    const learned = nothingLearned()
    expect((await enter(server, learned)).pipelining).toBe('allowed')
    expect(server.peers.map(verbs)).toEqual([STEPS])
    expect([...learned.account.rungs]).toEqual([])
    expect(learned.account).toMatchObject({ connections: 1, commands: 0 })
  })

  it.each([
    [true, 'allowed'],
    [false, 'off']
  ])('protects the data where there is TLS (in one flight: %s)', async (pipelining, expected) => {
    const app = await startApp({ personality: 'unix' })
    const learned = nothingLearned(pipelining)
    const { userName, password } = app
    for (const port of [app.ftp.explicitPort, app.ftp.implicitPort]) {
      app.ftp.clearTranscript()
      const tls = port === app.ftp.explicitPort ? 'explicit' : 'implicit'
      const target = { scheme: 'ftp', host: '127.0.0.1', port, userName, password, tls, verify: false } as const
      const connection = await connect(target, options(), learned)
      expect(app.ftp.transcript.map(({ verb }) => verb).filter(verb => verb !== 'AUTH')).toEqual(
        `${STEPS} PBSZ PROT`.split(' ')
      )
      expect(connection.pipelining).toBe(expected)
      connection.close()
    }
  })

  it.each([
    '220 Microsoft FTP Service',
    '220 MadGoat FTP',
    '220 MikroTik FTP server ready',
    '220-Hello\r\n220 Microsoft FTP Service'
  ])('sends one command at a time to a server that greets with %j, and so does all else', async greeting => {
    const server = await startScripted(strict(welcoming()), greeting)
    const learned = nothingLearned()
    expect((await enter(server, learned)).pipelining).toBe('distrusted')
    expect(server.peers.map(verbs)).toEqual([STEPS])
    // Every server of App Service greets so: it is the plan, and nothing that went wrong.
    expect([...learned.account.rungs.keys()]).toEqual([])
  })

  it('reads a greeting that comes in pieces as a whole', async () => {
    const server = await startScripted(strict(welcoming()), '')
    const learned = nothingLearned()
    const entering = enter(server, learned)
    await until(() => server.peers.length === 1)
    server.peers[0]?.socket.write('220 Micro')
    await new Promise(resolve => setTimeout(resolve, 20))
    server.peers[0]?.say('soft FTP Service')
    expect((await entering).pipelining).toBe('distrusted')
  })

  it('sends one command at a time where that is wanted, and says nothing of it', async () => {
    const server = await startScripted(strict(welcoming()))
    const learned = nothingLearned(false)
    expect((await enter(server, learned)).pipelining).toBe('off')
    expect(server.peers.map(verbs)).toEqual([STEPS])
    expect([...learned.account.rungs]).toEqual([])
  })

  it('never shows the password in the trace', async () => {
    const server = await startScripted(welcoming())
    for (const pipelining of [true, false]) {
      await enter(server, nothingLearned(pipelining))
      expect(trace).toContain('> PASS ###')
      expect(trace.join('\n')).not.toContain('my-secret')
    }
  })

  it.each([true, false])('goes on where no password is wanted (in one flight: %s)', async pipelining => {
    for (const reply of ['503 Already logged in', '230 Again', '202 Superfluous']) {
      const server = await startScripted(welcoming({ USER: '230 Welcome', PASS: reply }))
      const learned = nothingLearned(pipelining)
      await enter(server, learned)
      expect(server.peers.map(verbs)).toEqual([pipelining ? STEPS : 'USER FEAT TYPE OPTS'])
      expect([...learned.account.rungs]).toEqual([])
    }
  })

  it.each([true, false])('needs neither FEAT nor OPTS (in one flight: %s)', async pipelining => {
    const server = await startScripted(welcoming({ FEAT: '502 No', OPTS: '501 No' }))
    await enter(server, nothingLearned(pipelining))
    expect(server.peers.map(verbs)).toEqual([STEPS])
  })
})

describe('the facts of a listing', () => {
  const told = (facts: string): string => `211-Features:\r\n UTF8\r\n MLST ${facts}\r\n211 End`
  it.each([
    ['type*;size*;modify*;unique*;', false],
    ['Type*;Size*;Modify*;UNIX.mode;', false],
    ['type*;perm*;', false],
    ['type*;size;modify*;', true],
    ['type;size;modify;', true],
    ['size*;modify*;', true],
    ['', true]
  ])('are asked for where the server would leave one out: "MLST %s" (%s)', async (facts, isAsked) => {
    for (const pipelining of [true, false]) {
      const server = await startScripted(welcoming({ FEAT: told(facts) }))
      await enter(server, nothingLearned(pipelining))
      const asked = server.peers[0]?.lines.filter(line => line.startsWith('OPTS MLST'))
      expect(asked).toEqual(isAsked ? ['OPTS MLST type;size;modify;unique;'] : [])
    }
  })
})

describe('a login in one flight whose replies do not fit', () => {
  const isFlight = ({ piece }: Peer): boolean => piece.length > 1
  /** What becomes of the commands of a flight; one after the other all are answered as usual. */
  const ODDITIES: readonly (readonly [string, Answer])[] = [
    ['nothing is answered', () => undefined],
    ['only the first command of a packet is read', (line, { piece }) => (line === piece[0] ? '331 Go on' : undefined)],
    ['the last reply does not come', line => (verbOf(line) === 'OPTS' ? undefined : welcoming()(line, {} as Peer))],
    [
      'there is one reply more',
      line => (verbOf(line) === 'OPTS' ? '200 On\r\n200 And on' : welcoming()(line, {} as Peer))
    ],
    ['two commands are taken for one', line => (verbOf(line) === 'TYPE' ? undefined : welcoming()(line, {} as Peer))],
    ['PASS comes too early', welcoming({ PASS: '503 USER first' })],
    ['USER is not understood', welcoming({ USER: '500 What?' })],
    ['an account is wanted', welcoming({ USER: '332 Need account' })],
    ['PASS is refused though none was wanted', welcoming({ USER: '230 Welcome', PASS: '530 No' })],
    ['TYPE is not understood', welcoming({ TYPE: '500 What?' })],
    ['the replies are in another order', welcoming({ FEAT: '200 Binary', TYPE: '211 None' })],
    [
      'the server hangs up after USER',
      (line, { socket }) => (verbOf(line) === 'USER' ? '331 Go on' : (socket.end(), undefined))
    ],
    ['the server breaks off', (_, { socket }) => (socket.resetAndDestroy(), undefined)],
    ['what comes is no reply', () => '<html>']
  ]

  it.each(ODDITIES)('is left for one command at a time over a new connection: %s', async (_, odd) => {
    const server = await startScripted((line, peer) => (isFlight(peer) ? odd(line, peer) : welcoming()(line, peer)))
    const learned = nothingLearned()
    expect((await enter(server, learned, 300)).pipelining).toBe('distrusted')
    expect(server.peers.map(verbs).slice(1)).toEqual([STEPS])
    expect([...learned.account.rungs.values()]).toEqual([1])
    expect([...learned.account.rungs.keys()]).toEqual([
      expect.stringMatching(/^logins and renames wait for each reply/)
    ])
    // The lesson is paid for once.
    await enter(server, learned, 300)
    expect(server.peers.map(verbs).slice(1)).toEqual([STEPS, STEPS])
  })

  it('is waited for without much patience once the password was answered', async () => {
    const server = await startScripted(line => (verbOf(line) === 'OPTS' ? undefined : welcoming()(line, {} as Peer)))
    expect(await flightTo(server, 100)).toMatchObject({ kind: 'odd' })
  })

  it('is not tried again once the run was told to stop', async () => {
    const stop = new AbortController()
    const server = await startScripted(() => (stop.abort(), undefined))
    await expect(connect(targetOf(server), options(5000, stop.signal), nothingLearned())).rejects.toMatchObject({
      kind: 'interrupted'
    })
    expect(server.peers).toHaveLength(1)
  })
})

describe('a login that is refused', () => {
  it.each([
    ['PASS', '530 Login incorrect.'],
    ['PASS', '430 Invalid user or password'],
    ['PASS', '534 Policy requires SSL'],
    ['USER', '530 Sorry, the maximum number of clients are connected.'],
    ['USER', '421 Too many']
  ])('is tried once, whichever way: %s is answered %j', async (verb, reply) => {
    const messages = []
    for (const pipelining of [true, false]) {
      const server = await startScripted(welcoming({ PASS: '503 USER first', FEAT: '530 Log in', [verb]: reply }))
      const learned = nothingLearned(pipelining)
      const failure = await connect(targetOf(server), options(), learned).catch((error: unknown) => error)
      expect(failure).toMatchObject({ kind: 'login', replyCode: Number(reply.slice(0, 3)) })
      messages.push((failure as Error).message.replace(/:\d+ /, ' '))
      expect(server.peers).toHaveLength(1)
      expect(learned.pipelining).toBe(pipelining ? 'allowed' : 'off')
    }
    expect(messages[0]).toContain(`refused the login as "me": "${reply}"`)
    expect(messages[1]).toBe(messages[0])
  })

  it('late, as by servers that slow down who guesses, is tried once as well', async () => {
    const server = await startScripted((line, peer) => {
      const isPassword = verbOf(line) === 'PASS'
      if (isPassword)
        setTimeout(() => {
          peer.say('530 Login incorrect.\r\n530 No\r\n530 No\r\n530 No')
        }, 400)
      return verbOf(line) === 'USER' ? '331 Go on' : undefined
    })
    expect(await flightTo(server, 100)).toMatchObject({ kind: 'refused', reply: { code: 530 } })
  })

  it('without a word is told as what it means, after each way was tried', async () => {
    const server = await startScripted((line, { socket }) =>
      verbOf(line) === 'PASS' ? (socket.end(), undefined) : '331 Go on'
    )
    await expect(connect(targetOf(server), options(), nothingLearned())).rejects.toMatchObject({
      kind: 'login',
      message: expect.stringContaining('hung up after the login as "me" without an answer') as unknown
    })
    expect(server.peers).toHaveLength(2)
  })
})

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}
