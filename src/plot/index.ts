/**
 * Plain data → SVG text: curves, scatter plots, maps of words, heat maps, confusions and
 * attention.
 *
 * A picture is readable at the width of a phone, follows the viewer's light or dark theme, and
 * carries its title and a description for those who cannot see it. Its style stands inside, in a
 * `<style>` element: in a page whose Content-Security-Policy forbids those, show it by `<img>`.
 *
 * @module throughtime/plot
 */

export { type Curve, type CurvesOptions, curves } from './curves.js';
export type { AxisOptions, PlotOptions } from './frame.js';
export { type HeatMapData, type HeatMapOptions, heatMap } from './heatmap.js';
export { type Box, type Label, type LabelOptions, placeLabels } from './labels.js';
export { type MapOptions, type MapPoint, wordMap } from './map.js';
export {
  type AttentionData,
  attention,
  type ConfusionData,
  confusion,
  type MatrixOptions,
} from './matrices.js';
export { type ScatterOptions, type ScatterPoint, scatter } from './scatter.js';
