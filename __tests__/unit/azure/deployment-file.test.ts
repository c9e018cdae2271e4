import { describe, expect, it } from 'vitest'
import { parseDeploymentFile, scriptOfCommand } from '../../../src/azure/deployment-file.ts'

describe('.deployment', () => {
  it.each([
    ['as kuduscript writes it', '[config]\ncommand = deploy.cmd', 'deploy.cmd'],
    ['with the ends of lines of Windows', '[config]\r\ncommand = deploy.cmd\r\n', 'deploy.cmd'],
    ['in any case', ' [Config] \nCOMMAND=Deploy.cmd', 'Deploy.cmd'],
    ['with a byte-order mark', '\uFEFF[config]\ncommand = bash deploy.sh', 'bash deploy.sh'],
    ['with an equals sign in the command', '[config]\ncommand = deploy.cmd --mode=fast', 'deploy.cmd --mode=fast'],
    ['with quotes, which belong to the command', '[config]\ncommand = "deploy.cmd"', '"deploy.cmd"'],
    ['with blanks in the brackets', '[ config ]\ncommand=a.cmd', 'a.cmd'],
    ['with two commands, of which the last counts', '[config]\ncommand = a.cmd\ncommand = b.cmd', 'b.cmd'],
    [
      'with two sections, of which the last counts',
      '[config]\ncommand = a.cmd\n[x]\n[config]\ncommand = b.cmd',
      'b.cmd'
    ],
    ['with a later section that forgets the command', '[config]\ncommand = a.cmd\n[config]\nproject = x', undefined],
    ['with a command in another section', '[other]\ncommand = a.cmd', undefined],
    ['with a command before any section', 'command = a.cmd', undefined],
    ['with comments', '[config]\n# command = a.cmd\n; command = b.cmd\n;command=c.cmd', undefined],
    ['with an empty command', '[config]\ncommand =', undefined],
    ['with an empty command after another', '[config]\ncommand = a.cmd\ncommand =  ', undefined],
    ['with empty brackets, which are no section', '[config]\n[]\n[ ]\ncommand = a.cmd', 'a.cmd'],
    ['that is empty', '', undefined]
  ])('is read %s', (_how, text, command) => {
    expect(parseDeploymentFile(text).command).toBe(command)
  })

  it('names a project', () => {
    expect(parseDeploymentFile('[config]\nPROJECT = src\\web')).toEqual({ command: undefined, project: 'src\\web' })
  })
})

describe('the script of a command', () => {
  it.each([
    ['deploy.cmd', 'deploy.cmd'],
    ['"deploy.cmd"', 'deploy.cmd'],
    ['.\\deploy.cmd', 'deploy.cmd'],
    ['"build tools\\deploy.cmd" fast', 'build tools/deploy.cmd'],
    ['call deploy.bat', 'deploy.bat'],
    ['cmd /c deploy.cmd', 'deploy.cmd'],
    ['cmd.exe /s /c "deploy.cmd fast"', 'deploy.cmd'],
    ['CMD /C ""build tools\\deploy.cmd" fast"', 'build tools/deploy.cmd'],
    ['%DEPLOYMENT_SOURCE%\\deploy.cmd', 'deploy.cmd'],
    ['"%DEPLOYMENT_SOURCE%\\deploy.cmd"', 'deploy.cmd'],
    ['bash deploy.sh', 'deploy.sh'],
    ['bash "./build/deploy.sh"', 'build/deploy.sh'],
    ['bash -e -x deploy.sh', 'deploy.sh'],
    ['/bin/bash deploy.sh', 'deploy.sh'],
    ['"D:\\Program Files\\Git\\bin\\bash.exe" deploy.sh', 'deploy.sh'],
    ["bash -c './deploy.sh'", 'deploy.sh'],
    ['bash -lc "bash deploy.sh"', 'deploy.sh'],
    ['sh deploy', 'deploy'],
    ['./deploy.sh', 'deploy.sh'],
    ['chmod +x deploy.sh && ./deploy.sh', 'deploy.sh'],
    ['bash "$DEPLOYMENT_SOURCE/deploy.sh"', 'deploy.sh'],
    ['bash ../deploy.sh', '../deploy.sh'],
    ['/opt/deploy.sh', '/opt/deploy.sh']
  ])('is found in %s', (command, script) => {
    expect(scriptOfCommand(command)).toBe(script)
  })

  it.each([
    'node build.js',
    'powershell -NoProfile -Command "& "$pwd\\deploy.ps1" 2>&1 | echo"',
    'a.cmd && b.cmd',
    'make',
    'bash',
    ''
  ])('is none, or not one, in %s', command => {
    expect(scriptOfCommand(command)).toBeUndefined()
  })
})
