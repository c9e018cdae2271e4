// @ts-check
// Who may import whom (the table of docs/architecture.md). Types may cross every line except into ftp/ and the entries;
// values may only go where the table says.

import { URL } from 'node:url'

/** Modules without I/O, clock or environment: anyone may import them. */
const PURE = [
  'site',
  'decide',
  'report',
  'sweep-report',
  'reset-report',
  'inventory-report',
  'compare',
  'escape',
  'wanted-python',
  'python/version',
  'python/distributions',
  'python/scanner',
  'python/specifier',
  'python/markers',
  'python/requirement',
  'python/requirement-*',
  'python/requirements',
  'python/fingerprint',
  'python/text-encoding',
  'python/lockfiles',
  'python/metadata',
  'python/closure',
  'azure/deployment-file',
  'azure/publish-profile',
  'azure/snapshot',
  'azure/memory',
  'azure/evidence',
  'azure/push-log',
  'reset/toggle-outcome',
  'reset/toggle-version',
  'ftp/target'
]
const READERS = ['azure/*', 'python/*']

/** @type {readonly { readonly of: readonly string[]; readonly may: readonly string[]; readonly packages: readonly string[] }[]} */
const LAYERS = [
  { of: ['main', 'post'], may: ['*'], packages: ['@actions/core'] },
  { of: ['real-ports'], may: ['ftp/site', 'programs'], packages: ['node:*'] },
  { of: ['programs'], may: [], packages: ['@actions/exec', '@actions/io', 'node:*'] },
  { of: ['ports'], may: PURE, packages: [] },
  {
    of: PURE,
    may: PURE,
    packages: ['fast-xml-parser', '@renovatebot/pep440', 'smol-toml']
  },
  {
    of: ['action'],
    may: [
      ...PURE,
      'inputs',
      'credentials',
      'sign-in',
      'state',
      'expecting',
      'inspecting',
      'transaction',
      'other-ways',
      'git-credentials'
    ],
    packages: []
  },
  {
    of: ['other-ways'],
    may: [...PURE, 'git-credentials', 'input-values', 'state', 'azure/*', 'reset/deploy-script', 'reset/toggle-*'],
    packages: []
  },
  { of: ['transaction'], may: [...PURE, 'state', 'sweeping', 'remembering', ...READERS, 'reset/*'], packages: [] },
  {
    of: ['inspecting'],
    may: [...PURE, 'expecting', 'remembering', ...READERS, 'reset/*'],
    packages: []
  },
  { of: ['expecting'], may: [...PURE, ...READERS], packages: [] },
  { of: ['remembering'], may: [...PURE, ...READERS], packages: [] },
  { of: ['sweeping'], may: [...PURE, 'reset/*'], packages: [] },
  { of: ['input-values', 'credentials', 'git-credentials', 'state'], may: [...PURE, 'input-values'], packages: [] },
  { of: ['sign-in'], may: [...PURE, 'input-values', 'credentials', 'azure/cli'], packages: [] },
  { of: ['inputs'], may: [...PURE, 'input-values', 'credentials'], packages: ['node:fs', 'node:path'] },
  {
    of: ['reset/git', 'reset/git-*', 'reset/toggle-*'],
    may: [...PURE, 'reset/git', 'reset/git-*', 'reset/toggle-*'],
    packages: ['node:crypto', 'node:fs/promises', 'node:net', 'node:os', 'node:path']
  },
  {
    of: ['reset/deploy-script'],
    may: [...PURE, 'reset/line-diff', 'reset/script-patch'],
    packages: ['node:crypto', 'node:fs/promises', 'node:path']
  },
  {
    of: ['reset/*'],
    may: [...PURE, 'azure/*', 'python/venv', 'python/read-venv', 'reset/*'],
    packages: ['node:crypto']
  },
  {
    of: ['python/package-files'],
    may: PURE,
    packages: ['node:fs', 'node:fs/promises', 'node:path', 'node:zlib', 'yauzl']
  },
  { of: ['azure/*'], may: [...PURE, ...READERS], packages: ['smol-toml'] },
  { of: ['python/*'], may: [...PURE, 'python/*'], packages: [] },
  { of: ['ftp/*'], may: ['site', 'ftp/*'], packages: ['basic-ftp', 'node:*'] }
]

/** @param {string} name @param {readonly string[]} patterns */
function matches(name, patterns) {
  return patterns.some(pattern => {
    if (pattern === name) return true
    if (pattern === '*') return !name.includes('/')
    if (pattern === '*/*') return name.includes('/')
    return pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1))
  })
}

/** @param {string} from @param {string} specifier */
function resolve(from, specifier) {
  const base = from.includes('/') ? from.slice(0, from.lastIndexOf('/') + 1) : ''
  return new URL(specifier.replace(/\.[jt]s$/, ''), `file:///${base}`).pathname.slice(1)
}

/** @type {import('eslint').Rule.RuleModule} */
export const fence = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const place = context.filename.replaceAll('\\', '/')
    const module = place.slice(place.lastIndexOf('/src/') + 5).replace(/\.ts$/, '')
    const layer = LAYERS.find(({ of }) => matches(module, of))
    /** @param {any} node */
    const check = node => {
      if (!node.source) return
      const specifier = String(node.source.value)
      const local = specifier.startsWith('.')
      const name = local ? resolve(module, specifier) : specifier
      if (!layer) return context.report({ node, message: `${module} stands in no layer: add it to the import fence` })
      if (matches(name, local ? layer.may : layer.packages)) return
      const typeOnly = node.importKind === 'type' || node.exportKind === 'type'
      if (typeOnly && !matches(name, ['main', 'post', 'ftp/*', 'basic-ftp'])) return
      context.report({ node, message: `${module} may not import ${name}` })
    }
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check }
  }
}
