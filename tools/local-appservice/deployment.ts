// What a deployment is: its package, its layout, and how it ends. Types only.

/** Is how the build on the server ends; `none` is a deployment without one (`SCM_DO_BUILD_DURING_DEPLOYMENT=false`). */
export type Build = 'good' | 'failing' | 'none'

/**
 * Is a way in which deployments make a site: Kudu's Windows script, KuduScript's bash script, Oryx in its four shapes,
 * the package as it is, and a package that is mounted.
 */
export type Layout =
  | 'windows-env'
  | 'venv-tree-script'
  | 'venv-tree'
  | 'packages-dir'
  | 'compressed-env'
  | 'compressed-app'
  | 'shipped'
  | 'run-from-package'

/** Describes one deployment. */
export interface Deployment {
  /** The FTP root. */
  readonly home: string
  readonly packageDir: string
  /** Version that the server builds with, `X.Y`. */
  readonly pythonVersion: string
  readonly layout: Layout
  readonly build: Build
  /** Folder that the bash script makes, where an app has a script of its own; `antenv` if left out. */
  readonly environment?: string
  /** When it begins, which names the zip of `run-from-package`; now if left out. */
  readonly at?: Date
  /** Whether wwwroot is emptied first; as in the deploy API true if left out. Has a meaning without a build only. */
  readonly clean?: boolean
  /** Receives one line at a time. */
  readonly log: (line: string) => void
  /** Whether to use the machine's Python where it has the version; Windows layouts are always synthetic. */
  readonly realPython?: boolean
}
