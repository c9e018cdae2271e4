// ProFTPD: its configuration. It lists with MLSD, and demands that data connections take up the TLS session.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LOGIN, OWNER, type Setting, type Software } from './daemon.ts'
import { passwordHash } from './password-hash.ts'

/** Is ProFTPD, as Debian builds it. */
export const proftpd: Software = {
  name: 'ProFTPD',
  program: 'usr/sbin/proftpd',
  hasImplicitTls: true,
  logsCommands: true,
  firstPassivePort: 15_000,
  async configure(setting) {
    const { folder, home } = setting
    const file = join(folder, 'proftpd.conf')
    const user = [LOGIN.userName, await passwordHash(LOGIN.password), OWNER.uid, OWNER.gid, '', home, '/bin/sh']
    await writeFile(join(folder, 'passwd'), `${user.join(':')}\n`, { mode: 0o600 })
    await writeFile(file, [...directives(setting), ''].join('\n'))
    return ['-n', '-q', '-c', file]
  }
}

function directives(setting: Setting): readonly string[] {
  const { folder, servers, port, passivePorts, maxConnections, maxSessions, refusesRenames } = setting
  return [
    'ServerName local',
    'ServerType standalone',
    'DefaultAddress 127.0.0.1',
    // It would else take the port on every address, and leave none of them to a proxy.
    'SocketBindTight on',
    `Port ${port}`,
    'UseIPv6 off',
    'User nobody',
    'Group nogroup',
    // It was unpacked, not installed.
    `ModulePath ${join(servers, 'usr/lib/proftpd')}`,
    'LoadModule mod_tls.c',
    `PidFile ${join(folder, 'pid')}`,
    `ScoreboardFile ${join(folder, 'scoreboard')}`,
    'DelayEngine off',
    'WtmpLog off',
    'TransferLog none',
    `SystemLog ${join(folder, 'system-log')}`,
    'LogFormat commands "%r"',
    `ExtendedLog ${join(folder, 'log')} ALL commands`,
    'AuthPAM off',
    'AuthOrder mod_auth_file.c',
    `AuthUserFile ${join(folder, 'passwd')}`,
    'RequireValidShell off',
    'DefaultRoot ~',
    'AllowOverwrite on',
    'UseReverseDNS off',
    `PassivePorts ${passivePorts.first} ${passivePorts.last}`,
    ...(maxConnections === undefined ? [] : [`MaxClientsPerHost ${maxConnections}`]),
    ...(maxSessions === undefined ? [] : [`MaxInstances ${maxSessions}`]),
    ...(refusesRenames ? ['<Limit RNFR RNTO>', 'DenyAll', '</Limit>'] : []),
    ...tlsDirectives(setting)
  ]
}

function tlsDirectives({ mode, demandsTls, pem, folder }: Setting): readonly string[] {
  if (mode === 'plain') return []
  return [
    'TLSEngine on',
    `TLSLog ${join(folder, 'tls-log')}`,
    `TLSRequired ${demandsTls ? 'on' : 'off'}`,
    'TLSProtocol TLSv1.2 TLSv1.3',
    `TLSECCertificateFile ${pem.cert}`,
    `TLSECCertificateKeyFile ${pem.key}`,
    'TLSVerifyClient off',
    ...(mode === 'implicit' ? ['TLSOptions UseImplicitSSL'] : [])
  ]
}
