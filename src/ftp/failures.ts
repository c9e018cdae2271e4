// What went wrong on a connection, in words that say what it means and what to change.
import { FTPError } from 'basic-ftp'
import { SiteError } from '../site.ts'
import type { Attempt, FtpTarget } from './target.ts'

/** How far a login had come. */
export type Stage = 'connect' | 'tls' | 'login' | 'settings'

const CERTIFICATE_ERROR =
  /^(CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_|PATH_LENGTH_|ERROR_IN_)/

/** What went wrong on the way to a login, at which stage of it. */
export function explain(error: unknown, stage: Stage, target: FtpTarget, attempt: Attempt): SiteError {
  const where = `${target.host}:${attempt.port}`
  const { code, text } = wordsOf(error)
  if (error instanceof SiteError) return new SiteError(error.kind, `${where}: ${error.message}`, { cause: error })
  if (CERTIFICATE_ERROR.test(code)) return untrusted(error, where, code)
  const refusal = error instanceof FTPError ? { replyCode: error.code } : {}
  if (stage === 'tls' && error instanceof FTPError) {
    return new SiteError(
      'tls',
      `${where} refuses TLS ("${text}"), and nothing is sent without it unless "tls" is off`,
      {
        cause: error,
        ...refusal
      }
    )
  }
  if (stage === 'login') return refusedLogin(error, stage, target, where)
  const how = { implicit: 'with implicit TLS', explicit: 'with explicit TLS', plain: 'without TLS' }[attempt.mode]
  // OpenSSL's own words name its source files, and nobody can act on those.
  const cause = /^ERR_SSL_|^EPROTO$/.test(code) ? 'what answers there does not speak TLS that way' : text
  return new SiteError('unreachable', `${where} could not be reached ${how}: ${cause}`, { cause: error, ...refusal })
}

function untrusted(error: unknown, where: string, code: string): SiteError {
  const reason =
    error instanceof Error && code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? 'it is for another host name' : code
  return new SiteError(
    'certificate',
    `The certificate of ${where} does not verify (${reason}), so the password was not sent. If the server is signed by ` +
      'a private CA, name its file in NODE_EXTRA_CA_CERTS in the environment of the job',
    { cause: error }
  )
}

function refusedLogin(error: unknown, stage: Stage, target: FtpTarget, where: string): SiteError {
  const { text } = wordsOf(error)
  const form = `as "${target.userName}"`
  if (error instanceof FTPError) {
    const demandsTls = error.code === 534 || /\b(TLS|SSL|encrypt\w*)\b/i.test(text)
    const advice = demandsTls
      ? '. The server demands TLS: do not switch "tls" off'
      : error.code === 530
        ? '. Either the password is an old one (download the publish profile again), or basic authentication is off for ' +
          'FTP (App Service: Configuration, General settings, "FTP Basic Auth Publishing Credentials")'
        : ''
    const message = `${where} refused the login ${form}: "${text}"${advice}`
    return new SiteError('login', message, { cause: error, replyCode: error.code })
  }
  // A disabled FTP state takes USER and PASS, and then hangs up without a word.
  if (stage === 'login' && /FIN packet|closed connection|ECONNRESET|socket hang up/i.test(text)) {
    const message =
      `${where} hung up after the login ${form} without an answer, as App Service does where FTP is switched off ` +
      '(App Service: Configuration, General settings, "FTP state")'
    return new SiteError('login', message, { cause: error })
  }
  return new SiteError('unreachable', `${where} went silent during the login: ${text}`, { cause: error })
}

/** What went wrong with a command, once logged in. */
export function asSiteError(error: unknown, what: string): SiteError {
  if (error instanceof SiteError) return error
  const { text } = wordsOf(error)
  if (error instanceof FTPError) {
    // 421 ends the session; 425 and 426 say that its data connections do not work any more, as after many transfers.
    const kind = [421, 425, 426].includes(error.code) ? 'lost' : 'refused'
    return new SiteError(kind, `The server refused to ${what}: "${text}"`, { cause: error, replyCode: error.code })
  }
  return new SiteError('lost', `The connection broke while it was asked to ${what}: ${text}`, { cause: error })
}

/** The error of a run that was told to stop. */
export function interrupted(cause: unknown): SiteError {
  return new SiteError('interrupted', 'The run was told to stop', { cause })
}

/** Whether a signal has aborted; asked anew each time, because the compiler would take an earlier answer for the present one. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}

/** Rejects when the signal aborts, even where the work itself would go on waiting; throws what the work throws. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => {
    aborted.reject(interrupted(signal.reason))
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function wordsOf(error: unknown): { readonly code: string; readonly text: string } {
  if (!(error instanceof Error)) return { code: '', text: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  // A name that resolves to several addresses fails with an AggregateError whose own message is empty.
  const text = error.message || (error instanceof AggregateError ? String(error.errors[0]) : code)
  return { code, text: text.replace(/\s+/g, ' ').trim() }
}

/** The sentence of an error, for the log. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Whether it was the data connection alone that failed, as where a session has had its fill of them: with 425, or cut
 * before the reply is here. Not where nothing came in time.
 */
export function isSpent(error: unknown): boolean {
  if (!(error instanceof SiteError) || error.kind !== 'lost') return false
  if (error.replyCode !== undefined) return error.replyCode === 425
  const { text } = wordsOf(error.cause)
  return /^Can't open data connection|\(data socket\)$/.test(text) && !text.startsWith('Timeout')
}
