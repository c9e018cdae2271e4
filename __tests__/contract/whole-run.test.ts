// One reset from end to end, with everything that it writes and sends compared whole.
import { afterEach, expect, it } from 'vitest'
import { startLab, type Lab } from './lab.ts'

let lab: Lab
afterEach(() => lab.close())

/** Takes out what differs from run to run: times, random parts and durations. */
function steady(text: string): string {
  return text
    .replace(/^::add-mask::.*\n/gm, '')
    .replace(/^::debug::.*\n/gm, '')
    .replace(/trash-\d{8}T\d{9}Z-[0-9a-f]{12}/g, 'trash-TIME-RANDOM')
    .replace(/\d+\.\d s \|/g, 'N.N s |')
    .replace(/^(Connections|Commands): \d.*$/gm, '$1: N')
    .replace(/^\n/gm, '')
}

it('writes and sends exactly this', async () => {
  lab = await startLab({ layout: 'venv-tree', requirements: ['alpha==1.0', 'beta==1.0'] })
  const { makePackage } = await import('../../tools/local-appservice/sites.ts')
  await makePackage(lab.packageDir, ['alpha==1.1'])

  const main = await lab.step('main', { with: { 'python-version': '3.12' } })
  const changes = lab.app.ftp.transcript.filter(({ verb }) => /^(MKD|RN|DELE|RMD|STOR)/.test(verb))
  lab.app.ftp.clearTranscript()
  await lab.deploy('venv-tree', '3.12')
  const post = await lab.step('post', { state: main.state, jobStatus: 'success' })

  expect(steady(main.log)).toBe(`::group::Inspect
Site: demo-app (production)
Layout: venv-tree
Environment: /site/wwwroot/antenv
Python: 3.11 (lib/python3.11: 3.11, pyvenv.cfg: 3.11, oryx-manifest.toml: 3.11)
Packages: 4
Wanted: Python 3.12 ("python-version")
::endgroup::
::group::Decide
Action: reset
python-version-changed: the environment has Python 3.11, "python-version" asks for 3.12
::endgroup::
::group::Reset
Set aside: /site/wwwroot/antenv as /site/.azure-python-env/trash-TIME-RANDOM-antenv
A listing proves that it is out of the way
Connections: N
Commands: N
::endgroup::
Python environment: reset (python-version-changed: the environment has Python 3.11, "python-version" asks for 3.12)
`)
  expect(changes.map(({ verb, argument }) => steady(`${verb} ${argument}`))).toEqual([
    'MKD /site/.azure-python-env',
    'RNFR /site/wwwroot/antenv',
    'RNTO /site/.azure-python-env/trash-TIME-RANDOM-antenv'
  ])
  expect({ ...main.outputs, 'duration-ms': /^\d+$/.test(main.outputs['duration-ms'] ?? '') }).toEqual({
    result: 'reset',
    reason: 'python-version-changed',
    reasons:
      '[{"code":"python-version-changed","detail":"the environment has Python 3.11, \\"python-version\\" asks for 3.12"}]',
    layout: 'venv-tree',
    strategy: 'rename',
    'env-path': '/site/wwwroot/antenv',
    'python-version-found': '3.11',
    'python-version-wanted': '3.12',
    'removed-packages': '[]',
    'files-deleted': '0',
    'duration-ms': true,
    'recommended-clean': 'false',
    'app-name': 'demo-app',
    'slot-name': 'production',
    'dry-run': 'false'
  })
  expect(JSON.parse(main.state['run'] ?? '')).toEqual({
    schema: 1,
    app: 'demo-app',
    slot: 'production',
    host: 'localhost',
    tls: 'auto',
    tlsVerify: true,
    connections: 8,
    pipelining: true,
    timeoutMs: 5000,
    deadlineMs: 900_000,
    verify: true,
    layout: 'venv-tree',
    strategy: 'rename',
    reason: 'python-version-changed',
    environment: '/site/wwwroot/antenv',
    shipped: false,
    pythonBefore: '3.11',
    pythonWanted: '3.12',
    installedBefore: ['alpha 1.0', 'beta 1.0', 'pip 21.2.4', 'setuptools 58.1.0'],
    remembering: {
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      evidence: [{ code: 'python-version-changed', particulars: ['3.11 instead of 3.12'] }],
      deployment: expect.stringMatching(/^\/site\/deployments\/[0-9a-f]+\/manifest$/) as string,
      alone: false
    }
  })
  expect(steady(main.summary)).toBe(`### The Python environment is reset
| Site | \`demo-app\` (\`production\`) |
| --- | --- |
| Found | \`venv-tree\`, \`/site/wwwroot/antenv\`, Python 3.11, 4 packages |
| Wanted | Python 3.12 (\\"python\\-version\\") |
| Decision | **reset**: \`python-version-changed\` |
| Strategy | \`rename\` |
| Files deleted in this step | 0 |
| Time | N.N s |
**Why**
- \`python-version-changed\`: the environment has Python 3\\.11\\, \\"python\\-version\\" asks for 3\\.12
What was removed is set aside until the end of the job. It is deleted once the deployment has built a new environment, and put back if it has not.
`)
  expect(steady(post.log)).toMatch(
    /^::group::After the deployment\nSwept: \/site\/\.azure-python-env\/trash-TIME-RANDOM-antenv \(\d+ files\)\nConnections: N\nCommands: N\n(More careful than planned.*\n)*::endgroup::\n$/
  )
  expect(steady(post.summary)).toContain('| Python | 3.11 → 3.12 |')
  expect(post.summary).toContain('| `alpha` | `1.0` → `1.1` |')
  expect(post.summary).toContain('| `beta` | `1.0` → `gone` |')
  const swept = lab.app.ftp.transcript.filter(({ verb }) => verb === 'DELE' || verb === 'RMD')
  expect(swept.length).toBeGreaterThan(10)
  expect(swept.every(({ argument }) => argument.startsWith('/site/.azure-python-env/trash-'))).toBe(true)
})
