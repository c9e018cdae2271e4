// Logging in where the inputs alone do not tell how: az is asked for what the inputs leave out. Keeps nothing.
import {
  AzError,
  askForProfile,
  askForSettings,
  findResourceGroup,
  ftpRefusal,
  setCommand,
  uselessProfile,
  type Az,
  type AzureApp
} from './azure/cli.ts'
import { PublishProfileError, parseGitTarget } from './azure/publish-profile.ts'
import { azQuestion, loadCredentials, maskSecrets, type Credentials } from './credentials.ts'
import type { Expectation } from './decide.ts'
import { plain } from './escape.ts'
import { InputError, textOf, type InputReader } from './input-values.ts'
import type { Ports, ProgramLimits } from './ports.ts'

/** A command of az begins with starting Python, whatever the network does. */
const LEAST_TIME_MS = 60_000

/**
 * Who needs to log in: `ftp` to look and to reset; `look` to look where that is possible; `push` over git alone.
 */
export type Need = 'ftp' | 'look' | 'push'

/** Who logs in, and what az told beside. */
export interface SignedIn {
  /** For FTP. A text: why nobody can log in there; `undefined`: nobody has to. */
  readonly credentials: Credentials | string | undefined
  /** The inputs, with the profile that az gave among them. */
  readonly reader: InputReader
  readonly expected: Pick<Expectation, 'pythonConfigured'>
}

/** Takes the credentials from the inputs, or asks az for them and for the app's settings; throws before anything connects. */
export async function signIn(ports: Pick<Ports, 'core' | 'run'>, need: Need, limits: ProgramLimits): Promise<SignedIn> {
  const { core } = ports
  const question = azQuestion(core)
  if (!question) return { credentials: forFtp(need, core, loadCredentials), reader: core, expected: {} }
  core.info(`Asking az about ${plain(question.app)}`)
  const az = azOf(ports, limits)
  const site = await located(az, question)
  const reader = withProfile(core, await askForProfile(az, site))
  const settings = await askForSettings(az, site)
  for (const gap of settings.gaps) core.info(plain(gap, 500))
  const { python } = settings
  const expected = python ? { pythonConfigured: { version: python, setCommand: setCommand(site) } } : {}
  // Said before the profile is looked at, because the cause is known better than by its traces in there.
  const refusal = ftpRefusal(site, settings)
  if (refusal && need === 'ftp') throw refusal
  const credentials =
    refusal && need === 'look' ? refusal.message : forFtp(need, reader, from => credentialsIn(from, site))
  return { credentials, reader, expected }
}

/** An app that is deployed by git may have FTP switched off, and then its profile has no login for it. */
function forFtp(need: Need, reader: InputReader, load: (reader: InputReader) => Credentials): SignedIn['credentials'] {
  if (need === 'push') return undefined
  try {
    return load(reader)
  } catch (error) {
    const isOfProfile = error instanceof PublishProfileError || error instanceof AzError
    if (need !== 'look' || !isOfProfile || !tellsWhereToPush(reader)) throw error
    return error instanceof PublishProfileError ? `"publish-profile" ${error.flaw}` : error.message
  }
}

/** Whether it is a profile at all, and only its login for FTP is of no use. */
function tellsWhereToPush(reader: InputReader): boolean {
  try {
    parseGitTarget(textOf(reader, 'publish-profile'))
    return true
  } catch (error) {
    if (!(error instanceof PublishProfileError)) throw error
    return false
  }
}

/** The inputs as the main step had them, without a word in the log; `login` throws where nobody can log in over FTP. */
export async function signInAgain(
  ports: Pick<Ports, 'core' | 'run'>,
  limits: ProgramLimits
): Promise<{ readonly reader: InputReader; readonly login: () => Credentials }> {
  const { core } = ports
  const question = azQuestion(core)
  if (!question) return { reader: core, login: () => loadCredentials(core) }
  const az = azOf(ports, limits)
  const site = await located(az, question)
  const reader = withProfile(core, await askForProfile(az, site))
  return { reader, login: () => credentialsIn(reader, site) }
}

function azOf({ core, run }: Pick<Ports, 'core' | 'run'>, { timeoutMs, signal }: ProgramLimits): Az {
  return {
    run,
    limits: { timeoutMs: Math.max(timeoutMs, LEAST_TIME_MS), signal },
    mask: written => {
      maskSecrets(withProfile(core, written))
    }
  }
}

async function located(az: Az, site: AzureApp): Promise<AzureApp> {
  if (site.resourceGroup !== '') return site
  return { ...site, resourceGroup: await findResourceGroup(az, site.app) }
}

function credentialsIn(reader: InputReader, site: AzureApp): Credentials {
  try {
    return loadCredentials(reader)
  } catch (error) {
    if (error instanceof PublishProfileError) throw uselessProfile(site, error.flaw)
    if (error instanceof InputError) throw uselessProfile(site, 'is that of another app or slot')
    throw error
  }
}

/** From here on a profile that az gave is like one that was passed as an input. */
function withProfile(core: InputReader, profile: string): InputReader {
  return {
    getInput: (name, options) => (name === 'publish-profile' ? profile : core.getInput(name, options)),
    setSecret: secret => {
      core.setSecret(secret)
    }
  }
}
