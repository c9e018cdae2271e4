// Who logs in where: the publish profile or the address, cross-checked, and every form of their secrets masked; and whom to
// ask where there is neither.
import type { AzureApp } from './azure/cli.ts'
import { parsePublishProfile, secretForms, secretsIn } from './azure/publish-profile.ts'
import { fullUserName, isSameSlot, parseFtpUrl, siteOfUserName, type FtpAddress, type FtpTarget } from './ftp/target.ts'
import { InputError, quote, secretOf, textOf, type InputReader } from './input-values.ts'

/** Who logs in where: all that the post step reads again, besides `job-status`. */
export interface Credentials {
  readonly login: FtpAddress & Pick<FtpTarget, 'userName' | 'password'>
  readonly app: string
  readonly slot: string
}

/** Reads the credentials; throws `InputError` or `PublishProfileError`. Masks nothing: see `maskSecrets`. */
export function loadCredentials(reader: InputReader): Credentials {
  const profile = textOf(reader, 'publish-profile')
  const url = textOf(reader, 'ftp-url')
  if (profile !== '' && url !== '') {
    throw new InputError(
      'Both "publish-profile" and "ftp-url" are given: pass one of them, so that it is clear which site is meant'
    )
  }
  if (profile !== '') return fromProfile(reader, profile)
  if (url !== '') return fromUrl(reader, url)
  throw new InputError(
    'Neither "publish-profile" nor "ftp-url" is given. Pass the secret that holds the app\'s publish profile (it is empty ' +
      'in runs for pull requests from forks, and where its name is misspelt), or sign in with azure/login and name the app ' +
      'in "app-name"'
  )
}

/** What a signed-in az has to be asked about; `undefined`: the inputs hold the credentials, or nothing names an app. */
export function azQuestion(reader: InputReader): AzureApp | undefined {
  const [app, resourceGroup] = [textOf(reader, 'app-name'), textOf(reader, 'resource-group-name')]
  const pushes = textOf(reader, 'git-url') !== '' && textOf(reader, 'ftp-username') !== ''
  const isTold = pushes || textOf(reader, 'publish-profile') !== '' || textOf(reader, 'ftp-url') !== ''
  if (app === '' || isTold) return undefined
  return { app, slot: textOf(reader, 'slot-name') || 'production', resourceGroup }
}

/** Tells the runner every form of every secret, so that none of them can appear in the log. Never throws. */
export function maskSecrets(reader: InputReader): void {
  for (const form of secretsIn(textOf(reader, 'publish-profile'))) reader.setSecret(form)
  const name = textOf(reader, 'ftp-username')
  const app = textOf(reader, 'app-name')
  const full = fullUserName(name, app, textOf(reader, 'slot-name'))
  const names = [name, full, full.slice(full.lastIndexOf('\\') + 1), `$${app}`]
  for (const form of secretForms(secretOf(reader, 'ftp-password'), names)) reader.setSecret(form)
}

function fromProfile(reader: InputReader, xml: string): Credentials {
  const { address, userName, password, app, slot } = parsePublishProfile(xml)
  const [wantedApp, wantedSlot] = [textOf(reader, 'app-name'), textOf(reader, 'slot-name')]
  if (wantedApp !== '' && wantedApp.toLowerCase() !== app.toLowerCase()) {
    throw new InputError(
      `"app-name" is ${quote(wantedApp)}, but "publish-profile" is that of ${quote(app)}: correct the one that is wrong`
    )
  }
  if (wantedSlot !== '' && !isSameSlot(wantedSlot, slot)) {
    throw new InputError(
      `"slot-name" is ${quote(wantedSlot)}, but "publish-profile" is that of the slot ${quote(slot)}: each slot has a profile of its own`
    )
  }
  return { login: { ...address, userName, password }, app, slot }
}

function fromUrl(reader: InputReader, url: string): Credentials {
  const name = textOf(reader, 'ftp-username')
  const password = secretOf(reader, 'ftp-password')
  if (name === '') throw new InputError('"ftp-username" is empty: it goes with "ftp-url"')
  if (password === '') throw new InputError('"ftp-password" is empty: it goes with "ftp-url"')
  if (/[\r\n\0]/.test(name + password))
    throw new InputError('"ftp-username" or "ftp-password" holds a line break, which no login can have')
  let address: FtpAddress
  try {
    address = parseFtpUrl(url)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    // Credentials in the URL must not be repeated, and it is not known where they begin.
    throw new InputError(`"ftp-url" ${error.message}`)
  }
  const slot = textOf(reader, 'slot-name')
  const app = textOf(reader, 'app-name')
  const userName = fullUserName(name, app, slot)
  const ofName = siteOfUserName(userName)
  if (ofName && app !== '' && ofName.app.toLowerCase() !== app.toLowerCase()) {
    throw new InputError(
      `"app-name" is ${quote(app)}, but "ftp-username" is that of ${quote(ofName.app)}: correct the one that is wrong`
    )
  }
  if (ofName && slot !== '' && !isSameSlot(slot, ofName.slot)) {
    throw new InputError(`"slot-name" is ${quote(slot)}, but "ftp-username" is that of the slot ${quote(ofName.slot)}`)
  }
  return {
    login: { ...address, userName, password },
    app: app === '' ? (ofName?.app ?? '') : app,
    slot: (slot === '' ? ofName?.slot : slot) ?? 'production'
  }
}
