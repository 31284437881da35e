/** What a training run is: plain data, chosen in the page and kept in the checkpoint. */
export interface Recipe {
  cell: 'rnn' | 'lstm' | 'gru';
  layers: number;
  hidden: number;
  /** Time steps of a window, which gradients go back over. */
  bptt: number;
  steps: number;
  lr: number;
  /** Places in the text read side by side. */
  batch: number;
  dropout: number;
  seed: number;
  deterministic: boolean;
}

/** "LSTM 1×128" */
export function nameOf({
  cell,
  layers,
  hidden,
}: Pick<Recipe, 'layers' | 'hidden'> & { cell: string }): string {
  return `${cell.toUpperCase()} ${layers}×${hidden}`;
}
