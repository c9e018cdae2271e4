// The login and what follows it at once: which commands, and what their replies mean, together or one after the other.
import { FTPError, type Client } from 'basic-ftp'
import { repliesTo, type Control } from './control.ts'
import type { Reply } from './replies.ts'
import type { FtpTarget } from './target.ts'

/**
 * Whether commands may leave before the replies to those before them have come.
 *
 * - `allowed`: nothing speaks against it so far
 * - `distrusted`: the server is of a kind that loses commands, or has shown that it does
 * - `off`: the user does not want it
 */
export type Pipelining = 'allowed' | 'distrusted' | 'off'

/** What came of a login whose commands left together. */
export type FlightOutcome =
  | { readonly kind: 'in'; readonly features: Reply }
  /** The reply that refused it, which is final: servers lock accounts. */
  | { readonly kind: 'refused'; readonly reply: Reply }
  /** The replies do not fit the commands, for this reason; who is logged in cannot be told. */
  | { readonly kind: 'odd'; readonly why: string }

/** How long what follows the password is waited for: all of it is answered without looking anything up. */
const SETTINGS_PATIENCE_MS = 5000

/** Whether a server greets as those do to which lftp, too, sends one command at a time (its setting `ftp:auto-sync-mode`). */
export function isDistrusted(greeting: string): boolean {
  return /icrosoft FTP Service|MadGoat|MikroTik/.test(greeting)
}

/**
 * Logs in with all commands in one write; where the outcome is not `in`, the connection is of no use any more.
 *
 * The password is waited for as any command is: Pure-FTPd takes more than 5 s to refuse one, and whoever hangs up then and
 * logs in anew has tried it twice.
 */
export async function logInAtOnce(
  client: Client,
  control: Control,
  target: FtpTarget,
  settingsPatienceMs = SETTINGS_PATIENCE_MS
): Promise<FlightOutcome> {
  const { patienceMs } = control
  const entering = repliesTo(control, [`USER ${target.userName}`, `PASS ${target.password}`])
  const setting = repliesTo(control, ['FEAT', ...settings(client)])
  const entered = await entering
  control.patienceMs = Math.min(patienceMs, settingsPatienceMs)
  const outcome = judgeFlight([...entered, ...(await setting)])
  if (outcome.kind === 'in' && client.closed)
    return { kind: 'odd', why: 'the server sent more replies than commands came' }
  control.patienceMs = patienceMs
  return outcome
}

/**
 * Tells what the replies to a login in one flight mean: to USER, PASS, FEAT, TYPE, OPTS and, under TLS, PBSZ and PROT.
 *
 * `undefined`: the reply has not come. Only in its place is a refusal one; what a command that everybody knows cannot be
 * answered with shows that commands were lost or run together.
 */
export function judgeFlight(replies: readonly (Reply | undefined)[]): FlightOutcome {
  const [user, pass, features, type, options, ...protection] = replies
  // The server has too many connections already, which says nothing of how commands may be sent.
  const farewell = replies.find(reply => reply?.code === 421)
  if (farewell) return { kind: 'refused', reply: farewell }
  if (!user) return odd('the server did not answer a login in one flight')
  const isPassRefused = pass === undefined || pass.code >= 400
  if (isRefusal(user) && isPassRefused) return { kind: 'refused', reply: user }
  const wantsNoPassword = user.code === 230 || user.code === 232
  if (user.code !== 331 && !wantsNoPassword) return odd(`USER was answered with ${user.code} in one flight`)
  if (!pass) return odd('the server answered only the first command of a login in one flight')
  if (user.code === 331 && isRefusal(pass)) return { kind: 'refused', reply: pass }
  const isIn = [202, 230, 232].includes(pass.code) || (wantsNoPassword && pass.code === 503)
  if (!isIn) return odd(`PASS was answered with ${pass.code} in one flight`)
  if (!features || replies.includes(undefined)) return odd('the server answered only a part of a login in one flight')
  const fits =
    (features.code === 211 || features.code >= 500) &&
    type?.code === 200 &&
    (options?.code === 200 || options?.code === 202 || (options?.code ?? 0) >= 400) &&
    protection.every(reply => reply?.code === 200)
  return fits ? { kind: 'in', features } : odd('the replies to a login in one flight do not fit its commands')
}

function odd(why: string): FlightOutcome {
  return { kind: 'odd', why }
}

/** A refusal that means what it says; 500 to 503 are the answers to what was not understood, or came at the wrong time. */
function isRefusal({ code }: Reply): boolean {
  return code >= 400 && !(code >= 500 && code <= 503)
}

/** Logs in one command after the other; throws what basic-ftp throws, an `FTPError` for a refusal. */
export async function logIn(client: Client, target: FtpTarget): Promise<void> {
  let reply = await client.sendIgnoringError(`USER ${target.userName}`)
  if (reply.code === 331) reply = await client.sendIgnoringError(`PASS ${target.password}`)
  if (reply.code < 200 || reply.code >= 300) throw new FTPError(reply)
}

/** Sends what every session needs, one command after the other, and gives the reply to FEAT. */
export async function makeSettings(client: Client): Promise<Reply> {
  const { code, message } = await client.sendIgnoringError('FEAT')
  for (const command of settings(client)) {
    // Data in the wrong form is no data; without the others a session still works on some servers.
    if (command.startsWith('TYPE')) await client.send(command)
    else await client.sendIgnoringError(command)
  }
  return { code, text: message }
}

function settings(client: Client): readonly string[] {
  return ['TYPE I', 'OPTS UTF8 ON', ...(client.ftp.hasTLS ? ['PBSZ 0', 'PROT P'] : [])]
}

/** The facts that a listing has to tell where the server knows them. */
const FACTS = ['type', 'size', 'modify']

/** The commands by which the server lists folders, the best first; asks it for the facts that it would leave out. */
export async function chooseListing(client: Client, features: Reply): Promise<readonly string[]> {
  const lines = features.code < 300 ? features.text.split('\n').slice(1, -1) : []
  const named = lines.map(line => /^\s*MLST\b(.*)$/i.exec(line)?.[1]).find(facts => facts !== undefined)
  if (named === undefined) return ['LIST -a', 'LIST']
  // A star marks a fact that is told without being asked for (RFC 3659 section 7.8).
  const told = named.toLowerCase().split(/[\s;]+/)
  const isMissing = (fact: string): boolean => !told.includes(`${fact}*`)
  // A fact that the server does not know is no reason to ask, but no `type` at all is.
  if (FACTS.some(fact => isMissing(fact) && (fact === 'type' || told.includes(fact)))) {
    await client.sendIgnoringError(`OPTS MLST ${FACTS.join(';')};unique;`)
  }
  return ['MLSD', 'LIST -a', 'LIST']
}
