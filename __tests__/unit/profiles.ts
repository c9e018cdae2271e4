// Publish profiles for tests, and a reader of inputs that behaves as the runner's does.
import type { InputReader } from '../../src/input-values.ts'
import { publishProfile, type PublishProfileOptions } from '../../tools/local-appservice/publish-profile.ts'

export const PASSWORD = `pa&<w>"o'r d%+/ü=x`

/** A profile as Azure prints it. */
export function profileOf(changes: Partial<PublishProfileOptions> = {}): string {
  return publishProfile({
    app: 'my-app',
    password: PASSWORD,
    host: 'waws-prod-mwh-007.ftp.azurewebsites.windows.net',
    explicitPort: 21,
    implicitPort: 990,
    tls: 'implicit',
    ...changes
  })
}

/** A profile with one FTP entry, in which the given attributes are written as they are. */
export function entryOf(changes: Readonly<Record<string, string>> = {}): string {
  const attributes = {
    profileName: 'my-app - FTP',
    publishMethod: 'FTP',
    publishUrl: 'ftps://host.example/site/wwwroot',
    userName: 'my-app\\$my-app',
    userPWD: 'secret-word',
    ...changes
  }
  const printed = Object.entries(attributes).map(([name, value]) => `${name}="${value}"`)
  return `<publishData><publishProfile ${printed.join(' ')}><databases /></publishProfile></publishData>`
}

/** Reads inputs as the runner's library does, and records what is masked. */
export function readerOf(inputs: Readonly<Record<string, string>>): InputReader & { readonly masked: string[] } {
  const masked: string[] = []
  return {
    masked,
    getInput: (name, options) => {
      const value = inputs[name] ?? ''
      return options?.trimWhitespace === false ? value : value.trim()
    },
    setSecret: secret => {
      masked.push(secret)
    }
  }
}
