// Who pushes where, for an app that is deployed by git: from the publish profile, or from "git-url" and the login for FTP,
// which is the same on App Service.
import { PublishProfileError, parseGitTarget, type GitTarget } from './azure/publish-profile.ts'
import { fullUserName, isSameSlot, siteOfUserName } from './ftp/target.ts'
import { InputError, quote, secretOf, textOf, type InputReader } from './input-values.ts'

/** Reads who pushes where; throws `InputError` or `PublishProfileError`. Masks nothing: see `maskSecrets`. */
export function loadGitTarget(reader: InputReader): GitTarget {
  const target = fromInputs(reader)
  const [app, slot] = [textOf(reader, 'app-name'), textOf(reader, 'slot-name')]
  if (app !== '' && app.toLowerCase() !== target.app.toLowerCase()) {
    throw new InputError(
      `"app-name" is ${quote(app)}, but the credentials are those of ${quote(target.app)}: correct what is wrong`
    )
  }
  if (slot !== '' && !isSameSlot(slot, target.slot)) {
    throw new InputError(
      `"slot-name" is ${quote(slot)}, but the credentials are those of the slot ${quote(target.slot)}: each slot has its own`
    )
  }
  const url = textOf(reader, 'git-url')
  return url === '' ? target : { ...target, url }
}

function fromInputs(reader: InputReader): GitTarget {
  const profile = textOf(reader, 'publish-profile')
  if (profile !== '') return parseGitTarget(profile)
  const url = textOf(reader, 'git-url')
  const name = textOf(reader, 'ftp-username')
  const password = secretOf(reader, 'ftp-password')
  if (url === '' || name === '' || password === '') {
    throw new InputError(
      '"reset-method" is toggle-runtime, but nothing tells where to push: pass "publish-profile" (it is empty in runs for pull ' +
        'requests from forks), or "git-url" with "ftp-username" and "ftp-password"'
    )
  }
  const full = fullUserName(name, textOf(reader, 'app-name'), textOf(reader, 'slot-name'))
  const site = siteOfUserName(full) ?? {
    app: textOf(reader, 'app-name'),
    slot: textOf(reader, 'slot-name') || 'production'
  }
  return { url, userName: full.slice(full.lastIndexOf('\\') + 1), password, ...site }
}

/** The names of the app and its slot, as far as the inputs tell them where nobody logs in. Throws nothing. */
export function namesOf(reader: InputReader): Pick<GitTarget, 'app' | 'slot'> {
  try {
    const { app, slot } = parseGitTarget(textOf(reader, 'publish-profile'))
    return { app, slot }
  } catch (error) {
    if (!(error instanceof PublishProfileError)) throw error
    const ofName = siteOfUserName(
      fullUserName(textOf(reader, 'ftp-username'), textOf(reader, 'app-name'), textOf(reader, 'slot-name'))
    )
    return {
      app: textOf(reader, 'app-name') || (ofName?.app ?? ''),
      slot: textOf(reader, 'slot-name') || (ofName?.slot ?? 'production')
    }
  }
}
