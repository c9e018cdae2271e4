// One control connection: connects, logs in, lists, reads and writes.
import { Readable, Writable } from 'node:stream'
import { FTPError, type Client } from 'basic-ftp'
import { SiteError, type RemoteEntry, type RemotePath } from '../site.ts'
import type { Control } from './control.ts'
import { asSiteError, explain, interrupted, isAborted, unlessAborted, type Stage } from './failures.ts'
import { awaitGreeting, type ConnectionOptions, type Greeted } from './greeting.ts'
import { distrust, type Learned } from './learned.ts'
import { listDirectory, listWithAll } from './list-command.ts'
import { chooseListing, logIn, logInAtOnce, makeSettings, type Pipelining } from './login.ts'
import type { Reply } from './replies.ts'
import { attempts, type Attempt, type FtpTarget } from './target.ts'
import { listTree } from './tree-transfer.ts'

/** A logged-in control connection. */
export interface Connection {
  /** How it was connected; further connections go the same way. */
  readonly attempt: Attempt
  readonly closed: boolean
  /** Files and listings that came over it whole: servers refuse more in one session after a while. */
  readonly transfers: number
  /** Sends commands without waiting for each reply; not while anything else is under way here. */
  readonly control: Control
  /** Whether commands should be sent that way, as far as any connection to the server knows by now. */
  readonly pipelining: Pipelining
  /** Streams `LIST -Ra`; the next text comes when the promise of `onText` has settled. */
  listTree(directory: RemotePath, onText: (text: string) => void | Promise<void>): Promise<void>
  list(directory: RemotePath): Promise<readonly RemoteEntry[]>
  listFully(directory: RemotePath): Promise<readonly RemoteEntry[]>
  readText(file: RemotePath, maxBytes: number): Promise<string>
  writeText(file: RemotePath, text: string): Promise<void>
  /** Sends one command; throws `SiteError` of kind `refused` for a 4xx or 5xx reply. */
  command(verb: string, path: RemotePath): Promise<void>
  close(): void
}

/**
 * Connects and logs in, in the first of the target's ways that leads to an FTP server.
 *
 * Another way is tried only where the first did not reach a server at all: a certificate that does not verify or a
 * refused login is final, and a refused login is never tried twice, because servers lock accounts.
 */
export async function connect(
  target: FtpTarget,
  options: ConnectionOptions,
  learned: Learned,
  only?: Attempt
): Promise<Connection> {
  const ways = only ? [only] : attempts(target)
  const failures: SiteError[] = []
  for (const attempt of ways) {
    try {
      return await connectOnce(target, attempt, options, learned)
    } catch (error) {
      if (!(error instanceof SiteError) || !['unreachable', 'tls'].includes(error.kind)) throw error
      failures.push(error)
    }
  }
  const [first, last] = [failures[0], failures.at(-1)]
  if (!first || !last || failures.length === 1) throw last ?? new SiteError('unreachable', 'No way to connect was left')
  throw new SiteError(last.kind, `${last.message} (before that: ${first.message})`, { cause: last })
}

async function connectOnce(
  target: FtpTarget,
  attempt: Attempt,
  options: ConnectionOptions,
  learned: Learned
): Promise<Connection> {
  const greeted = await awaitGreeting(target, attempt, options, learned)
  const progress: { stage: Stage } = { stage: 'login' }
  try {
    const features =
      learned.pipelining === 'allowed'
        ? await enterAtOnce(greeted, target, learned, options.signal)
        : await enterStepwise(greeted, target, progress)
    if (features) {
      progress.stage = 'settings'
      const commands = await chooseListing(greeted.client, features)
      learned.account.connections++
      return connectionOver(greeted, attempt, commands, learned, options.signal)
    }
  } catch (error) {
    greeted.close()
    throw isAborted(options.signal) ? interrupted(error) : explain(error, progress.stage, target, attempt)
  }
  greeted.close()
  // Whoever gets here has learned to send one command at a time.
  return connectOnce(target, attempt, options, learned)
}

/** Gives the reply to FEAT of a login in one flight; `undefined`: it went wrong, and another connection is needed. */
async function enterAtOnce(
  { client, control }: Greeted,
  target: FtpTarget,
  learned: Learned,
  signal: AbortSignal
): Promise<Reply | undefined> {
  const outcome = await logInAtOnce(client, control, target)
  if (outcome.kind === 'in') return outcome.features
  if (outcome.kind === 'refused') throw new FTPError({ code: outcome.reply.code, message: outcome.reply.text })
  // Whoever hangs up hears no more replies, and that is nobody else's fault.
  if (isAborted(signal)) throw interrupted(outcome.why)
  distrust(learned, outcome.why)
  return undefined
}

async function enterStepwise({ client }: Greeted, target: FtpTarget, progress: { stage: Stage }): Promise<Reply> {
  await logIn(client, target)
  progress.stage = 'settings'
  return makeSettings(client)
}

/** `commands`: those that list a folder, the best first. */
function connectionOver(
  { client, control, close }: Greeted,
  attempt: Attempt,
  commands: readonly string[],
  learned: Learned,
  signal: AbortSignal
): Connection {
  const { listing } = learned
  const during = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await unlessAborted(work(), signal)
    } catch (error) {
      const failure = signal.aborted ? interrupted(error) : asSiteError(error, what)
      // Whatever answer is still to come would be taken for that of the next command.
      if (failure.kind === 'lost') client.close()
      throw failure
    }
  }
  let transfers = 0
  const transfer = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const result = await during(what, work)
    transfers++
    return result
  }
  return {
    attempt,
    get closed() {
      return client.closed
    },
    get transfers() {
      return transfers
    },
    control,
    get pipelining() {
      return learned.pipelining
    },
    listTree: (directory, onText) => transfer(`list ${directory}`, () => listTree(client, directory, onText)),
    list: directory => transfer(`list ${directory}`, () => listDirectory(client, commands, listing, directory)),
    listFully: directory => transfer(`list ${directory}`, () => listWithAll(client, commands, directory)),
    readText: (file, maxBytes) => transfer(`read ${file}`, () => download(client, file, maxBytes)),
    writeText: (file, text) =>
      transfer(`write ${file}`, async () => {
        await client.uploadFrom(Readable.from([Buffer.from(text)]), file)
      }),
    command: (verb, path) =>
      during(`${verb} ${path}`, async () => {
        await client.send(`${verb} ${path}`)
      }),
    close
  }
}

async function download(client: Client, file: RemotePath, maxBytes: number): Promise<string> {
  const sink = boundedSink(maxBytes)
  try {
    await client.downloadTo(sink.writable, file)
  } catch (error) {
    // What was broken off here is still to be answered by the server, at a time when something else may be asked.
    if (error instanceof SiteError) client.close()
    throw error
  }
  return sink.text()
}

function boundedSink(maxBytes: number): { readonly writable: Writable; text: () => string } {
  const chunks: Buffer[] = []
  let size = 0
  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > maxBytes) {
        done(new SiteError('unexpected', `The server sent more than ${maxBytes} bytes for a small file`))
        return
      }
      chunks.push(chunk)
      done()
    }
  })
  return { writable, text: () => new TextDecoder('utf-8').decode(Buffer.concat(chunks)) }
}
