// What a deployment is: its package, its layout, and how it ends. Types only.

/** Is how the build on the server ends; `none` is a deployment without one (`SCM_DO_BUILD_DURING_DEPLOYMENT=false`). */
export type Build = 'good' | 'failing' | 'none'

/** Is a way in which a site keeps its environment: Kudu's Windows script, Oryx uncompressed, KuduScript's bash script, Oryx compressed. */
export type Layout = 'windows-env' | 'venv-tree' | 'venv-tree-script' | 'compressed-app'

/** Describes one deployment. */
export interface Deployment {
  /** The FTP root. */
  readonly home: string
  readonly packageDir: string
  /** Version that the server builds with, `X.Y`. */
  readonly pythonVersion: string
  readonly layout: Layout
  readonly build: Build
  /** Whether wwwroot is emptied first; as in the deploy API true if left out. Has a meaning without a build only. */
  readonly clean?: boolean
  /** Receives one line at a time. */
  readonly log: (line: string) => void
  /** Whether to use the machine's Python where it has the version; Windows layouts are always synthetic. */
  readonly realPython?: boolean
}
