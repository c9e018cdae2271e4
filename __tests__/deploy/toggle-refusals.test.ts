// Pushes that are not possible, refused, cut or overtaken: each works all the same, or ends in one clear error.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { git, startToggleLab, type ToggleLab, type Went } from './toggle-lab.ts'
import { describeToggling, expectToggled, stale, startDeployed } from './toggle-scene.ts'

describeToggling('a push that goes wrong', () => {
  /** Toggles, and expects one error and that nothing was deployed. */
  async function expectRefusal(lab: ToggleLab, message: RegExp, run: Promise<Went>): Promise<void> {
    const branch = await lab.server.branch()
    const count = lab.server.deployments().length
    const went = await run
    expect(went.error).toMatch(message)
    expect(went.error).toMatch(/^ToggleError: /)
    expect(await lab.server.branch()).toBe(branch)
    expect(lab.server.deployments()).toHaveLength(count)
  }

  it('because the server rejects it ends before anything else changed', async () => {
    const lab = await startDeployed()
    await lab.server.behave({ rejects: true })
    await expectRefusal(
      lab,
      /was refused: \[remote rejected\] \(pre-receive hook declined\)/,
      lab.toggle(await lab.checkOut())
    )
  })

  it('because HEAD does not follow what is deployed ends before it', async () => {
    const lab = await startDeployed()
    const older = lab.first
    await lab.deploy(await lab.commit({ 'app.py': 'print(2)\n' }))
    const workspace = await lab.checkOut()
    await git(workspace, 'checkout', '--quiet', older)
    await expectRefusal(lab, /not in the history of .*a push would drop what is deployed/, lab.toggle(workspace))
  })

  it('because the checkout is too shallow ends before it, and says what to change', async () => {
    const lab = await startDeployed()
    await lab.commit({ 'app.py': 'print(2)\n' })
    await expectRefusal(
      lab,
      /cannot be told: the checkout is shallow.*"fetch-depth: 0"/,
      lab.toggle(await lab.checkOut(1))
    )
  })

  it('because the checkout lacks files that have to be pushed ends before it', async () => {
    const lab = await startDeployed()
    await lab.commit({ 'folder/new.txt': 'new\n' })
    await git(lab.origin, 'config', 'uploadpack.allowFilter', 'true')
    const workspace = join(lab.origin, '..', 'sparse')
    await git(lab.origin, 'clone', '--quiet', '--filter=blob:none', '--sparse', `file://${lab.origin}`, workspace)
    await expectRefusal(lab, /lacks files that have to be pushed.*"filter"/, lab.toggle(workspace))
  })

  it('because a shallow checkout is the first to be pushed ends before it', async () => {
    const lab = await startToggleLab()
    await lab.commit({ 'app.py': 'print(2)\n' })
    await expectRefusal(
      lab,
      /Nothing was pushed to this app before.*"fetch-depth: 0"/,
      lab.toggle(await lab.checkOut(1))
    )
  })

  it('because the branch has another name ends before it, and names those that there are', async () => {
    const lab = await startDeployed()
    const request = { branch: 'main' }
    await expectRefusal(
      lab,
      /no branch "main", but master.*"git-branch"/,
      lab.toggle(await lab.checkOut(), { request })
    )
  })

  it.each([
    ['an unsupported version', { via: '3.5' }, /"toggle-version" is 3.5.*knows 2.7, 3.4, 3.6/],
    [
      'the version that there is',
      { via: '3.6' },
      /"toggle-version" is 3.6, which is the version that the app has anyway/
    ],
    ['a branch that is none', { branch: '--all' }, /"git-branch" is "--all"/],
    ['a plain address', { url: 'http://localhost/app.git' }, /not of the form https/],
    ['an address with credentials', { url: 'https://a:b@localhost/app.git' }, /holds credentials/]
  ] as const)('because of %s ends before the server is asked', async (_, request, message) => {
    const lab = await startToggleLab()
    const went = await lab.toggle(await lab.checkOut(), { request })
    expect(went.error).toMatch(message)
    expect(lab.server.requests).toEqual([])
  })

  it('because there is no git ends before it', async () => {
    const lab = await startToggleLab()
    const went = await lab.toggle(await lab.checkOut(), { env: { PATH: '' } })
    expect(went.error).toMatch(/^ToggleError: There is no git on the path/)
  })

  it('because nothing was checked out, or nothing was ever committed, ends before it', async () => {
    const lab = await startToggleLab()
    const folder = await mkdtemp(join(tmpdir(), 'empty-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    expect((await lab.toggle(folder)).error).toMatch(/The workspace is no git repository/)
    await git(folder, 'init', '--quiet')
    expect((await lab.toggle(folder)).error).toMatch(/HEAD of the checked-out repository names no commit/)
  })

  it.skipIf(process.getuid?.() !== 0)('because the checkout belongs to another user ends before it', async () => {
    const lab = await startToggleLab()
    const workspace = await lab.checkOut()
    execFileSync('chown', ['--recursive', '12345', workspace])
    const env = { SUDO_UID: '', GIT_CONFIG_GLOBAL: '/dev/null' }
    expect((await lab.toggle(workspace, { env })).error).toMatch(/belongs to another user.*safe\.directory/)
  })

  it('because the server is not to be trusted ends before it', async () => {
    const lab = await startToggleLab()
    const went = await lab.toggle(await lab.checkOut(), {
      env: { GIT_SSL_CAINFO: '/etc/ssl/certs/ca-certificates.crt', GIT_SSL_NO_VERIFY: '1' }
    })
    expect(went.error).toMatch(/The certificate of localhost:\d+ could not be verified/)
  })

  it.each([
    [403, /does not let this runner in \(403\)/],
    [404, /has no repository there/],
    [503, /git could not reach the repository on localhost:\d+: .*503/]
  ])('because the server answers %d ends before it', async (status, message) => {
    const lab = await startDeployed()
    lab.server.interfere({ refuse: { status, path: /info\/refs/, times: 9 } })
    await expectRefusal(lab, message, lab.toggle(await lab.checkOut()))
  })

  it('because another deployment is under way waits for its end', async () => {
    const lab = await startDeployed()
    lab.server.interfere({ refuse: { status: 409, path: /\/git-receive-pack$/, times: 2 } })
    const went = await lab.toggle(await lab.checkOut())
    await expectToggled(lab, went, lab.first)
    expect(went.sleeps).toBe(2)
  })

  it('because its connection is cut while the deployment goes on is followed by the other one', async () => {
    const lab = await startDeployed()
    lab.server.interfere({ cutAfter: 'Deleting incompatible' })
    const went = await lab.toggle(await lab.checkOut())
    expect(went.error).toBeUndefined()
    expect(await lab.server.branch()).toBe(lab.first)
    await lab.server.idle()
    expect(existsSync(stale(lab))).toBe(false)
    expect(went.toggled).toMatchObject({ isShown: false })
    expect(went.toggled?.warnings).toEqual([expect.stringMatching(/was cut off before it showed/)])
  })

  it('because the server refuses the second one says where the branch was left, and the post step ends it', async () => {
    const lab = await startDeployed()
    await lab.server.behave({ rejectsBack: true })
    const went = await lab.toggle(await lab.checkOut())
    const left = went.saved[0]?.toggled ?? 'none'
    expect(went.error).toMatch(/pre-receive hook declined/)
    expect(went.error).toContain(`still stands on the toggled commit ${left}: the post step tries again`)
    expect(await lab.server.branch()).toBe(left)
    await lab.server.behave({})
    expect((await lab.finish(left)).finished).toMatchObject({ kind: 'finished', original: lab.first })
    expect(await lab.server.branch()).toBe(lab.first)
  })

  it('because the server is gone afterwards says that nothing is known', async () => {
    const lab = await startDeployed()
    lab.server.interfere({ cutAfter: 'Deleting incompatible', goneAfterCut: true })
    const went = await lab.toggle(await lab.checkOut())
    expect(went.error).toMatch(/What the branch "master" stands on is not known: the post step looks again/)
    expect(went.sleeps).toBe(3)
    lab.server.interfere({})
    await lab.server.idle()
    expect((await lab.finish(went.saved[0]?.toggled)).finished).toMatchObject({ kind: 'finished' })
    expect(await lab.server.branch()).toBe(lab.first)
  })

  it('because somebody else pushed in between overwrites nothing', async () => {
    const lab = await startDeployed()
    await lab.server.behave({ holds: true })
    const toggling = lab.toggle(await lab.checkOut())
    await expect.poll(() => lab.server.branch()).not.toBe(lab.first)
    const theirs = await lab.commit({ 'app.py': 'print("theirs")\n' })
    await git(lab.server.repository, 'fetch', '--quiet', lab.origin, `+${theirs}:refs/heads/master`)
    await lab.server.release()
    const went = await toggling
    expect(went.error).toMatch(/somebody else pushed to it meanwhile, so nothing was overwritten/)
    expect(await lab.server.branch()).toBe(theirs)
  })
})
