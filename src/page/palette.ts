/** Names of the palette in page.css, whose colours differ in lightness too, so that nobody must tell hues apart. */
export type Colour = 'blue' | 'orange' | 'green' | 'purple' | 'grey'

/** The second mark of a line, beside its colour. */
export type Dash = 'long' | 'short' | 'dots'

export const DASHES: Readonly<Record<Dash, number[]>> = { long: [9, 4], short: [4, 3], dots: [1.5, 3] }
