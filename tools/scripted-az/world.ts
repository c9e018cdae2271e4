// What a scripted az pretends that there is in Azure. Types only: one process writes it, another one reads it.

/** An app, or one of its slots. */
export interface AzureSite {
  readonly name: string
  /** Left out: the app itself. */
  readonly slot?: string
  readonly resourceGroup: string
  /** The XML of the publish profile. */
  readonly profile: string
  /** `PYTHON|3.12`; empty on Windows. */
  readonly linuxFxVersion: string
  readonly ftpsState: string
  readonly ftpBasicAuth: boolean
}

/** How a command ends that does not do its work. */
export interface Misfortune {
  /** Words of the command, such as `webapp config show`. */
  readonly command: string
  readonly stdout?: string
  readonly stderr?: string
  readonly exitCode?: number
  /** It never ends. */
  readonly hangs?: boolean
}

export interface AzWorld {
  readonly signedIn: boolean
  readonly sites: readonly AzureSite[]
  /** What the identity may not do, such as `Microsoft.Web/sites/publishxml/action`. */
  readonly forbidden: readonly string[]
  readonly misfortunes: readonly Misfortune[]
}
