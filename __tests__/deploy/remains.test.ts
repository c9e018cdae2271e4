// What else deployments with real parts leave behind, by who builds: half installations, doubles, and what is removed.
import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startSite, suite } from './lab.ts'

suite('what else a deployment leaves', python => {
  it('is two versions of an upgraded package where Oryx copies one build over another, which is a reason to reset', async () => {
    const site = await startSite('oryx', python)
    await site.ask('alpha==1.0')
    await site.deploy()
    await site.ask('alpha==2.0')
    await site.deploy()
    const sitePackages = join(site.lab.wwwroot, 'antenv', 'lib', `python${python.version}`, 'site-packages')
    expect(await readdir(sitePackages)).toEqual(expect.arrayContaining(['alpha-1.0.dist-info', 'alpha-2.0.dist-info']))
    const { main, post } = await site.push()
    expect(main.outputs).toMatchObject({ result: 'reset', reason: 'mixed-versions' })
    expect(post.exitCode).toBe(0)
    expect(await site.imports()).toEqual({ alpha: '2.0' })
    const again = await site.lab.step('main')
    expect(again.outputs).toMatchObject({ result: 'preserved', reason: 'up-to-date' })
  })

  it('is one version where the bash script lets pip upgrade it', async () => {
    const site = await startSite('bash-script', python)
    await site.ask('alpha==1.0')
    await site.deploy()
    await site.ask('alpha==2.0')
    const { main } = await site.push()
    expect(main.outputs).toMatchObject({ result: 'preserved', reason: 'up-to-date' })
    expect(await site.imports()).toEqual({ alpha: '2.0' })
  })

  it('is an environment without what was asked for, where the bash script does not look at how pip ended', async () => {
    const site = await startSite('bash-script', python)
    await site.ask('nobody-makes-this')
    expect(await site.deploy()).toMatchObject({ succeeded: true })
    expect(await site.imports()).toEqual({})
  })

  it('is an environment that looks compatible where pip failed under the Windows script', async () => {
    const site = await startSite('windows-script', python)
    await site.ask('nobody-makes-this')
    expect(await site.deploy()).toMatchObject({ succeeded: false })
    await site.ask('alpha==1.0')
    const second = await site.deploy()
    expect(second).toMatchObject({ succeeded: true })
    expect(second.log).toContain('Found compatible virtual environment.')
  })

  it('is nothing of an environment without the marker of its version, which the Windows script removes', async () => {
    const site = await startSite('windows-script', python)
    await site.ask('alpha==1.0', 'beta')
    await site.deploy()
    await site.ask('alpha==1.0')
    await rm(join(site.lab.wwwroot, 'env', `azure.env.python-${python.version}.txt`))
    expect((await site.deploy()).log).toContain('Deleting incompatible virtual environment.')
    expect(await site.imports()).toEqual({ alpha: '1.0' })
  })

  it('is the environment as it was where Oryx fails, and no manifest', async () => {
    const site = await startSite('oryx', python)
    await site.ask('alpha==1.0')
    await site.deploy()
    await site.ask('nobody-makes-this')
    expect(await site.deploy()).toMatchObject({ succeeded: false })
    expect(await site.imports()).toEqual({ alpha: '1.0' })
    expect(existsSync(join(site.lab.wwwroot, 'oryx-manifest.toml'))).toBe(false)
  })
})
