// A bar chart with a logarithmic scale, as SVG that can be read in light and in dark. Pure.

/** One bar. */
export interface PlotBar {
  readonly label: string
  /** Above 0. */
  readonly seconds: number
  /** The duration as text, at the end of the bar. */
  readonly value: string
  readonly ours: boolean
}

const LABEL_WIDTH = 380
const PLOT_WIDTH = 420
const VALUE_WIDTH = 80
const BAR_HEIGHT = 18
const ROW_HEIGHT = 28
const TOP = 44
const BOTTOM = 28

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600 }
    .scale { fill: #59636e; font-size: 11px }
    .grid { stroke: #d1d9e0 }
    .peer { fill: #8c959f }
    .ours { fill: #0969da }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .scale { fill: #9198a1 }
      .grid { stroke: #3d444d }
      .peer { fill: #6e7681 }
      .ours { fill: #4493f8 }
    }`

/** Draws the bars from top to bottom; the scale reaches from the decade below the least to the one above the most. */
export function plot(title: string, plotted: readonly PlotBar[]): string {
  const exponents = plotted.map(({ seconds }) => Math.log10(seconds))
  const [low, high] = [Math.floor(Math.min(...exponents)), Math.ceil(Math.max(...exponents))]
  const span = Math.max(1, high - low)
  const x = (exponent: number): number => round(LABEL_WIDTH + ((exponent - low) / span) * PLOT_WIDTH)
  const [width, height] = [LABEL_WIDTH + PLOT_WIDTH + VALUE_WIDTH, TOP + plotted.length * ROW_HEIGHT + BOTTOM]
  const bottom = height - BOTTOM
  const grid = Array.from({ length: span + 1 }, (_, i) => low + i).map(
    exponent =>
      `  <line class="grid" x1="${x(exponent)}" y1="${TOP - 8}" x2="${x(exponent)}" y2="${bottom}"/>\n` +
      `  <text class="scale" x="${x(exponent)}" y="${bottom + 16}" text-anchor="middle">${tick(exponent)}</text>`
  )
  const rows = plotted.map(({ label, value, ours, seconds }, i) => {
    const [top, end] = [TOP + i * ROW_HEIGHT, x(Math.log10(seconds))]
    const base = top + 14
    return [
      `  <text x="${LABEL_WIDTH - 8}" y="${base}" text-anchor="end">${escape(label)}</text>`,
      `  <rect class="${ours ? 'ours' : 'peer'}" x="${LABEL_WIDTH}" y="${top}" width="${round(end - LABEL_WIDTH)}" height="${BAR_HEIGHT}"/>`,
      `  <text x="${end + 6}" y="${base}">${escape(value)}</text>`
    ].join('\n')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `  <title>${escape(title)}</title>`,
    `  <style>${STYLE}\n  </style>`,
    `  <text class="title" x="8" y="20">${escape(title)}</text>`,
    ...grid,
    ...rows,
    '</svg>\n'
  ].join('\n')
}

function tick(exponent: number): string {
  return exponent < 0 ? `${Math.round(10 ** (exponent + 3))} ms` : `${10 ** exponent} s`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
