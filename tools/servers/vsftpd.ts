// vsftpd: its configuration. It knows no MLSD, lists with `LIST -a` what begins with a dot, and reports times in UTC.
// It ignores -R unless it is told otherwise.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OWNER, type Setting, type Software } from './daemon.ts'

/** Is vsftpd, as Debian builds it. */
export const vsftpd: Software = {
  name: 'vsftpd',
  program: 'usr/sbin/vsftpd',
  hasImplicitTls: true,
  logsCommands: true,
  firstPassivePort: 10_000,
  async configure(setting) {
    const file = join(setting.folder, 'vsftpd.conf')
    const lines = Object.entries(settings(setting)).map(([key, value]) => `${key}=${String(value)}\n`)
    await writeFile(file, lines.join(''))
    return [file]
  }
}

function settings(setting: Setting): Record<string, string | number> {
  const { home, folder, port, passivePorts, refusesRenames, maxConnections, idleS, recursive } = setting
  return {
    listen: 'YES',
    listen_address: '127.0.0.1',
    listen_port: port,
    background: 'NO',
    anonymous_enable: 'NO',
    local_enable: 'YES',
    // Whoever PAM lets in is a guest, so nobody has to be a user of this system. The name is that of a file in /etc/pam.d.
    pam_service_name: 'azure-python-env-vsftpd',
    guest_enable: 'YES',
    guest_username: OWNER.name,
    virtual_use_local_privs: 'YES',
    write_enable: 'YES',
    local_umask: '022',
    local_root: home,
    chroot_local_user: 'YES',
    allow_writeable_chroot: 'YES',
    secure_chroot_dir: join(folder, 'empty'),
    seccomp_sandbox: 'NO',
    pasv_min_port: passivePorts.first,
    pasv_max_port: passivePorts.last,
    xferlog_enable: 'YES',
    log_ftp_protocol: 'YES',
    vsftpd_log_file: join(folder, 'log'),
    ...(recursive ? { ls_recurse_enable: 'YES' } : {}),
    ...(maxConnections === undefined ? {} : { max_per_ip: maxConnections }),
    ...(idleS === undefined ? {} : { idle_session_timeout: idleS }),
    ...(refusesRenames ? { cmds_denied: 'RNFR,RNTO' } : {}),
    ...tlsSettings(setting)
  }
}

function tlsSettings({ mode, demandsTls, pem }: Setting): Record<string, string> {
  if (mode === 'plain') return {}
  const demanded = demandsTls ? 'YES' : 'NO'
  return {
    ssl_enable: 'YES',
    implicit_ssl: mode === 'implicit' ? 'YES' : 'NO',
    force_local_logins_ssl: demanded,
    force_local_data_ssl: demanded,
    require_ssl_reuse: 'YES',
    // Its own default knows no cipher that OpenSSL 3 still speaks with a key of this kind.
    ssl_ciphers: 'HIGH',
    rsa_cert_file: pem.cert,
    rsa_private_key_file: pem.key
  }
}
