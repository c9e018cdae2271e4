// What toggling leaves alone: the user's clone and settings; and where the password is never seen.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { secretForms } from '../../src/azure/publish-profile.ts'
import { git, startToggleLab } from './toggle-lab.ts'
import { describeToggling, expectToggled, since, stale, startDeployed } from './toggle-scene.ts'

describeToggling('the clone of the user', () => {
  /** Every file of the repository and of the work tree, with its content. */
  async function contentOf(folder: string): Promise<ReadonlyMap<string, string>> {
    const names = await readdir(folder, { recursive: true, withFileTypes: true })
    const files = names.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
    return new Map(await Promise.all(files.map(async file => [file, await readFile(file, 'latin1')] as const)))
  }

  it.each([undefined, 1])('stays as it is, byte for byte (depth %s)', async depth => {
    const lab = await startDeployed()
    const workspace = await lab.checkOut(depth)
    // What git would refresh at the first opportunity.
    await writeFile(join(workspace, 'app.py'), 'print(1)\n')
    const status = await git(workspace, '--no-optional-locks', 'status', '--porcelain', '--branch')
    const before = await contentOf(workspace)
    await expectToggled(lab, await lab.toggle(workspace), lab.first)
    expect(await contentOf(workspace)).toEqual(before)
    expect(await git(workspace, 'fsck', '--full', '--strict')).toBe('')
    expect(await git(workspace, 'status', '--porcelain', '--branch')).toBe(status)
  })

  it('may have changes, which are not deployed, and that is said', async () => {
    const lab = await startDeployed()
    const workspace = await lab.checkOut()
    await writeFile(join(workspace, 'app.py'), 'print("changed")\n')
    await writeFile(join(workspace, 'new.txt'), '')
    const went = await lab.toggle(workspace)
    await expectToggled(lab, went, lab.first)
    expect(went.toggled?.warnings).toEqual([expect.stringMatching(/changes to 1 file in the workspace are not in it/)])
    expect(await readFile(join(lab.server.wwwroot, 'app.py'), 'utf8')).toBe('print(1)\n')
  })

  it('may be shallow where the server has its commit already', async () => {
    const lab = await startDeployed()
    await expectToggled(lab, await lab.toggle(await lab.checkOut(1)), lab.first)
  })

  it('may be shallow where the history that is missing is not needed', async () => {
    const lab = await startDeployed()
    await lab.commit({ 'app.py': 'print(2)\n' })
    const head = await lab.commit({ 'app.py': 'print(3)\n' })
    await expectToggled(lab, await lab.toggle(await lab.checkOut(3)), head)
  })

  it('has no say in what git does: hooks, signing, options, tags and helpers of its own', async () => {
    const lab = await startDeployed()
    const workspace = await lab.checkOut()
    await git(workspace, 'tag', '--annotate', '--message', 'x', 'v1')
    const proof = join(workspace, 'something-was-run')
    for (const hook of ['pre-push', 'reference-transaction', 'post-commit']) {
      await mkdir(join(workspace, '.git', 'hooks'), { recursive: true })
      await writeFile(join(workspace, '.git', 'hooks', hook), `#!/bin/sh\ntouch "${proof}"\nexit 1\n`, { mode: 0o755 })
    }
    const home = await mkdtemp(join(tmpdir(), 'home-'))
    onTestFinished(() => rm(home, { recursive: true }))
    const { origin, host } = new URL(lab.server.url)
    const helper = `!f() { echo called >> '${proof}'; echo username=x; echo password=y; }; f`
    const settings = [
      ['core.hooksPath', join(workspace, '.git', 'hooks')],
      ['commit.gpgSign', 'true'],
      ['push.gpgSign', 'true'],
      ['push.followTags', 'true'],
      ['push.pushOption', 'x'],
      ['credential.helper', helper],
      [`credential.${origin}.helper`, helper],
      [`credential.${origin}/app.git.helper`, helper],
      [`credential.${origin}.username`, 'somebody'],
      ['core.askPass', '/no/such/program'],
      [`http.${origin}/.extraHeader`, 'Authorization: Basic eDp5'],
      [`url.https://nobody@${host}/.insteadOf`, `${origin}/`],
      ['url.https://elsewhere.invalid/.pushInsteadOf', `${origin}/`]
    ]
    const text = settings.map(([name, value]) => ['config', '--file', join(home, '.gitconfig'), '--add', name, value])
    for (const args of text) await git(workspace, ...args.map(String))
    const env = { GIT_CONFIG_GLOBAL: join(home, '.gitconfig'), GIT_ASKPASS: '/no/such/program', GIT_DIR: '/nowhere' }
    await expectToggled(lab, await lab.toggle(workspace, { env }), lab.first)
    expect(existsSync(proof)).toBe(false)
    expect(await git(lab.server.repository, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/master')
  })
})

describeToggling('the password', () => {
  /** Arguments and environments of all processes, again and again until stopped. */
  function watch(): () => string {
    const seen = new Set<string>()
    const look = (): void => {
      for (const pid of readdirSync('/proc')) {
        if (!/^\d+$/.test(pid)) continue
        for (const file of ['cmdline', 'environ']) {
          try {
            seen.add(readFileSync(join('/proc', pid, file), 'utf8'))
          } catch {
            // It has ended, or belongs to somebody else.
          }
        }
      }
    }
    const timer = setInterval(look, 5)
    return () => {
      clearInterval(timer)
      return [...seen].join('\n')
    }
  }

  it('is seen in no process and in no setting of git', async () => {
    const lab = await startDeployed()
    const forms = secretForms(lab.login.password, [lab.login.userName])
    // With the password in the arguments of a push this way of looking finds it.
    const stopFinding = watch()
    await lab.deploy(await lab.commit({ 'app.py': 'print(2)\n' }))
    const found = stopFinding()
    expect(forms.some(form => found.includes(form))).toBe(true)
    await writeFile(stale(lab), '')
    const workspace = await lab.checkOut()
    const head = await git(workspace, 'rev-parse', 'HEAD')
    const stop = watch()
    await expectToggled(lab, await lab.toggle(workspace), head)
    const watched = stop()
    const sampled = await readFile(lab.server.samples, 'utf8')
    // Otherwise nothing of interest was watched at all.
    expect(sampled).toContain('remote-https')
    expect(watched).toContain('AZURE_PYTHON_ENV_SOCKET')
    expect(watched).toMatch(/process\.argv\[1\]==="get".*\0get\0/)
    const config = await git(workspace, 'config', '--list', '--show-origin')
    for (const form of forms) {
      for (const text of [watched, sampled, config]) expect(text.includes(form)).toBe(false)
    }
  })

  it('that is wrong is tried once, and ends in one clear error before anything is pushed', async () => {
    const lab = await startDeployed()
    const before = lab.server.requests.length
    const went = await lab.toggle(await lab.checkOut(), { request: { password: 'wrong' } })
    expect(went.error).toMatch(/^ToggleError: localhost:\d+ refused the login for git\. .*SCM Basic Auth/)
    // One without credentials, as git begins, and one with them.
    expect(lab.server.requests.slice(before)).toEqual(Array(2).fill(expect.stringMatching(/^GET .*receive-pack 401$/)))
    expect(since(lab)).toEqual([])
    expect(went.saved).toEqual([])
  })

  it('may not hold a line break', async () => {
    const lab = await startToggleLab()
    const went = await lab.toggle(await lab.checkOut(), { request: { password: 'a\nhost=b' } })
    expect(went.error).toMatch(/holds a line break/)
    expect(lab.server.requests).toEqual([])
  })
})
