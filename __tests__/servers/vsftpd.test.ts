// vsftpd: the suite that every real server has to pass.
import { whyMissing } from '../../tools/servers/daemon.ts'
import { vsftpd } from '../../tools/servers/vsftpd.ts'
import { suite } from './suite.ts'

suite(vsftpd, await whyMissing(vsftpd))
