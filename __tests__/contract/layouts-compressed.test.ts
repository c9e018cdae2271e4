// The matrix of the sites whose deployments build from nothing, cell by cell.
import { COMPRESSED_SITES } from '../../tools/layouts/compressed-sites.ts'
import { describeLayouts } from './layouts-cells.ts'

describeLayouts(COMPRESSED_SITES)
