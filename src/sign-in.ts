// Logging in where the inputs alone do not tell how: az is asked for what the inputs leave out. Keeps nothing.
import {
  askForProfile,
  askForSettings,
  findResourceGroup,
  ftpRefusal,
  setCommand,
  uselessProfile,
  type Az,
  type AzureApp
} from './azure/cli.ts'
import { PublishProfileError } from './azure/publish-profile.ts'
import { azQuestion, loadCredentials, maskSecrets, type Credentials } from './credentials.ts'
import type { Expectation } from './decide.ts'
import { plain } from './escape.ts'
import { InputError, type InputReader } from './input-values.ts'
import type { Ports, ProgramLimits } from './ports.ts'

/** A command of az begins with starting Python, whatever the network does. */
const LEAST_TIME_MS = 60_000

/** Who logs in, and what az told beside. */
export interface SignedIn {
  readonly credentials: Credentials
  readonly expected: Pick<Expectation, 'pythonConfigured'>
}

/** Takes the credentials from the inputs, or asks az for them and for the app's settings; throws before anything connects. */
export async function signIn(ports: Pick<Ports, 'core' | 'run'>, limits: ProgramLimits): Promise<SignedIn> {
  const { core } = ports
  const question = azQuestion(core)
  if (!question) return { credentials: loadCredentials(core), expected: {} }
  core.info(`Asking az about ${plain(question.app)}`)
  const az = azOf(ports, limits)
  const site = await located(az, question)
  const profile = await askForProfile(az, site)
  const settings = await askForSettings(az, site)
  for (const gap of settings.gaps) core.info(plain(gap, 500))
  // Said before the profile is looked at, because the cause is known better than by its traces in there.
  const refusal = ftpRefusal(site, settings)
  if (refusal) throw refusal
  const { python } = settings
  const expected = python ? { pythonConfigured: { version: python, setCommand: setCommand(site) } } : {}
  return { credentials: credentialsIn(core, profile, site), expected }
}

/** Takes the credentials from where the main step had them, without a word in the log. */
export async function signInAgain(ports: Pick<Ports, 'core' | 'run'>, limits: ProgramLimits): Promise<Credentials> {
  const question = azQuestion(ports.core)
  if (!question) return loadCredentials(ports.core)
  const az = azOf(ports, limits)
  const site = await located(az, question)
  return credentialsIn(ports.core, await askForProfile(az, site), site)
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

function credentialsIn(core: InputReader, profile: string, site: AzureApp): Credentials {
  try {
    return loadCredentials(withProfile(core, profile))
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
