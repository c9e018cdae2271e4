// The matrix of the sites of which a look at wwwroot does not tell everything, cell by cell.
import { UNCLEAR_SITES } from '../../tools/layouts/unclear-sites.ts'
import { describeLayouts } from './layouts-cells.ts'

describeLayouts(UNCLEAR_SITES)
