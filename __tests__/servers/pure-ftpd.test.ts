// Pure-FTPd: the suite that every real server has to pass.
import { whyMissing } from '../../tools/servers/daemon.ts'
import { pureFtpd } from '../../tools/servers/pure-ftpd.ts'
import { suite } from './suite.ts'

suite(pureFtpd, await whyMissing(pureFtpd))
