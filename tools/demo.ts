// The main job on localhost: a site with an environment, the main step, a deployment, the post step, and what each did.
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runStep } from './github-runner.ts'
import { startLocalAppService, type LocalAppService } from './local-appservice/index.ts'
import { findPython } from './local-appservice/kudu.ts'
import { listTree } from './local-appservice/sites.ts'
import { deployFixture, fixtureOf, makeFixture, type Place, type SiteKey } from './layouts/fixtures.ts'
import { SITES, SITE_KEYS, siteOf } from './layouts/specification.ts'

const HELP = `Shows the main job on an App Service that runs on localhost.

  npm run demo                                  a new Python version: reset, rebuilt, swept
  npm run demo -- --layout windows-env          Kudu's Windows script: only the marker goes
  npm run demo -- --same-python                 nothing to do: preserved
  npm run demo -- --failing-deploy              the deployment fails: the environment comes back

  --layout LAYOUT     which site, of those below; default venv-tree
  --reset-env         demand a reset, as a box ticked on a manual dispatch does
  --reset-mode MODE   auto, always, never
  --same-python       ask for the Python version that the site has
  --env-path FOLDER   the input "env-path", such as venv with --layout several
  --refuse-rename     a server that refuses to rename: the environment is deleted in place
  --failing-deploy    the deployment fails
  --no-build          the deployment builds nothing on the server
  --dry-run           the main step only looks and decides
  --sweep WHEN        post or main
  --personality NAME  iis or unix: whose banner, listings and errors the FTP server has
  --debug             with step debugging
  --help              this text

The sites, which docs/layouts.md describes:

${SITES.map(({ key, title }) => `  ${key.padEnd(30)}${title}\n`).join('')}`

const { values: options } = parseArgs({
  options: {
    layout: { type: 'string', default: 'venv-tree' },
    'reset-env': { type: 'boolean', default: false },
    'reset-mode': { type: 'string', default: 'auto' },
    'same-python': { type: 'boolean', default: false },
    'env-path': { type: 'string', default: '' },
    'refuse-rename': { type: 'boolean', default: false },
    'failing-deploy': { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    sweep: { type: 'string', default: 'post' },
    personality: { type: 'string', default: 'iis' },
    debug: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false }
  }
})

const OUT = join(import.meta.dirname, '..', '.demo')

if (options.help) process.stdout.write(HELP)
else await main()

async function main(): Promise<void> {
  const layout = SITE_KEYS.find(name => name === options.layout)
  const personality = (['iis', 'unix'] as const).find(name => name === options.personality)
  if (!layout || !personality) {
    process.stderr.write(`There is no such layout or personality.\n\n${HELP}`)
    process.exitCode = 1
    return
  }
  const packageDir = await mkdtemp(join(tmpdir(), 'package-'))
  const site = await startLocalAppService({ personality })
  try {
    await tell(site, layout, packageDir)
  } finally {
    await site.close()
    await rm(packageDir, { recursive: true, force: true })
  }
}

async function tell(site: LocalAppService, layout: SiteKey, packageDir: string): Promise<void> {
  const { title, origin } = siteOf(layout)
  const { present, wanted } = await versions(layout)
  const place = { home: site.home, packageDir, realPython: true, log: indent }
  heading(`A site of the kind ${layout}: ${title}${layout === 'none' ? '' : `, Python ${present}`}`)
  indent(`${origin}\n`)
  await makeFixture(layout, { ...place, python: present })
  if (options['refuse-rename']) site.ftp.refuseRename = () => true
  await show(site)

  heading(`The main step: Python ${wanted} is wanted`)
  const inputs = {
    'publish-profile': site.publishProfile(),
    'python-version': wanted,
    package: packageDir,
    'reset-env': options['reset-env'] ? 'true' : '',
    'reset-mode': options['reset-mode'],
    'env-path': options['env-path'],
    'dry-run': String(options['dry-run']),
    sweep: options.sweep
  }
  const step = { with: inputs, caFile: site.caFile, ...(options.debug ? { env: { RUNNER_DEBUG: '1' } } : {}) }
  const main = await runStep('main', step)
  print(main.log)
  for (const [name, value] of Object.entries(main.outputs)) indent(`output ${name} = ${value}`)
  indent(`exit status ${String(main.exitCode)}, ${site.ftp.commandsAfterLogin()} FTP commands after the login`)
  await show(site)

  const deployed = main.exitCode === 0 && (await deployNow(layout, { ...place, python: wanted }, main.outputs))
  heading('The post step')
  const post = await runStep('post', { ...step, state: main.state, jobStatus: deployed ? 'success' : 'failure' })
  print(post.log === '' ? '(nothing to do, nothing to say)\n' : post.log)
  await show(site)

  await mkdir(OUT, { recursive: true })
  const summary = join(OUT, 'summary.md')
  await writeFile(summary, main.summary + post.summary)
  heading('The end')
  indent(`The job summary lies in ${summary}`)
  process.exitCode = main.exitCode === 0 && post.exitCode === 0 ? 0 : 1
}

/** The version of this machine's python3, so that the environment can be a real one, and the one that is wanted next. */
async function versions(layout: SiteKey): Promise<{ readonly present: string; readonly wanted: string }> {
  const { python, another } = fixtureOf(layout)
  if (layout.startsWith('windows-env')) return { present: python, wanted: options['same-python'] ? python : another }
  for (let minor = 20; minor >= 8; minor--) {
    if (await findPython(`3.${minor}`)) {
      return { present: `3.${minor}`, wanted: `3.${options['same-python'] ? minor : minor + 1}` }
    }
  }
  indent('No python3 was found on this machine: the environments are synthesised')
  return { present: python, wanted: options['same-python'] ? python : another }
}

async function deployNow(layout: SiteKey, place: Place, outputs: Readonly<Record<string, string>>): Promise<boolean> {
  heading('The deployment')
  const { succeeded } = await deployFixture(layout, place, {
    good: !options['failing-deploy'],
    // The deploy step leaves an empty `clean` out, and the server's default is then true.
    clean: outputs['recommended-clean'] !== 'false',
    ...(options['no-build'] ? { build: 'none' } : {})
  })
  return succeeded
}

async function show(site: LocalAppService): Promise<void> {
  process.stdout.write('\n')
  for (const folder of ['site/wwwroot', 'site/.azure-python-env', 'data/SitePackages']) {
    const path = join(site.home, folder)
    const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inside = entry.isDirectory() ? `/ (${describe(await listTree(join(path, entry.name)))})` : ''
      const target = entry.isSymbolicLink() ? ` -> ${await readlink(join(path, entry.name))}` : ''
      indent(`/${folder}/${entry.name}${inside}${target}`)
    }
  }
}

function describe(tree: readonly string[]): string {
  const files = tree.filter(line => !line.endsWith('/')).length
  const pythons = tree.flatMap(line => /^lib\/(python[\d.]+)\/$/.exec(line)?.[1] ?? [])
  const markers = tree.filter(line => line.startsWith('azure.env.'))
  return [`${files} files`, ...pythons, ...markers].join(', ')
}

function heading(text: string): void {
  process.stdout.write(`\n== ${text}\n\n`)
}

function indent(line: string): void {
  process.stdout.write(`   ${line}\n`)
}

function print(log: string): void {
  // As the runner does: commands are carried out, and those for debugging are hidden unless it is on.
  const hidden = options.debug ? /^::add-mask::/ : /^::(add-mask|debug)::/
  for (const line of log.trimEnd().split('\n')) if (!hidden.test(line)) indent(line)
}
