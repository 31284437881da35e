/** From the options of `train lm` to a recipe: what a new run is, and what it may not be. */
import { readModel } from '../../io/model.js';
import { FeedforwardLM } from '../../lm/feedforward.js';
import { MOST } from '../../lm/ngram/count.js';
import { RecurrentLM } from '../../lm/recurrent.js';
import type { AWDOptions } from '../../nn/awd.js';
import { readFileBytes } from '../../node/files.js';
import { Refusal, refusing } from '../errors.js';
import { checkTokenizer } from '../kinds.js';
import { OPTIMIZERS, REGULARIZERS, type Recipe } from '../recipe.js';
import { flag } from '../resume.js';
import { DEFAULTS, EMBEDDING, EPOCHS, type Given, OUT, SPLIT } from './flags.js';
import type { Counting } from './ngram.js';

/** What a model's file says of the model. */
const MODEL = [
  'level',
  'model',
  'cell',
  'layers',
  'hidden',
  'embedding',
  'context',
  'direct',
  'dropout',
  'tie',
  'softmax',
  'cutoffs',
  'samples',
] as const;

/** Options that only one kind of model reads. */
const OWN: Record<Recipe['model'] | 'ngram', readonly string[]> = {
  recurrent: ['cell', 'layers', 'tie', 'recompute', 'inputDropout', 'initRange', ...REGULARIZERS], // biome-ignore format: one line
  feedforward: ['context', 'direct'],
  ngram: ['order', 'smoothing', 'k', 'prune', 'entropy'],
};
/** Options that all kinds of models read. */
const SHARED = ['input', 'valid', 'split', 'level', 'minCount', 'maxVocab', 'model', 'out', 'json', 'deterministic', 'seed', 'threads']; // biome-ignore format: one line

/** Refuses options that the kind of model does not read. */
export function checkKind(given: Given): void {
  const { model = DEFAULTS.model } = given;
  const names = Object.keys(given) as (keyof Given)[];
  const others = (name: string): string[] =>
    Object.entries(OWN).flatMap(([kind, own]) =>
      kind !== model && own.includes(name) ? [kind] : [],
    );
  const strange = names.filter(
    name =>
      others(name).length > 0 || (model === 'ngram' && ![...SHARED, ...OWN.ngram].includes(name)),
  );
  if (strange.length === 0) return;
  const kind = others(strange[0]!)[0];
  throw new Refusal(
    `${strange.map(flag).join(', ')}: not for --model ${model}; leave ` +
      `${strange.length > 1 ? 'them' : 'it'} out${kind ? `, or give --model ${kind}` : ''}`,
  );
}

/** The command line as a job of counting. */
export function counting(given: Given): Counting {
  const { input, valid = null, split, level = DEFAULTS.level, out = OUT } = given;
  if (input === undefined) throw new Refusal('--input is missing: name the text to count');
  const { order = 5, prune = [] } = given;
  if (order > MOST) throw new Refusal(`--order is ${order}, expected 1 to ${MOST}`);
  if (prune.length > order || prune.some((least, i) => least < (prune[i - 1] ?? 0)))
    throw new Refusal(
      `--prune is ${prune.join(',')}, expected at most ${order} numbers, none below the one before`,
    );
  return {
    input,
    valid,
    split: valid === null ? (split ?? SPLIT) : null,
    exactSplit: split !== undefined,
    level,
    minCount: given.minCount ?? null,
    maxVocab: given.maxVocab ?? null,
    order,
    smoothing: given.smoothing ?? 'modified-kneser-ney',
    k: given.k,
    prune: given.prune,
    entropy: given.entropy,
    out,
    deterministic: given.deterministic ?? false,
    json: given.json ?? false,
  };
}

/** The part of a recipe that the model in a file has already. */
export async function recipeOf(path: string, given: Given): Promise<Partial<Given>> {
  const bytes = await refusing(null, () => readFileBytes(path, 'the model'));
  const file = await refusing(path, () => readModel(bytes));
  if (file.kind !== RecurrentLM.kind && file.kind !== FeedforwardLM.kind)
    throw new Refusal(
      `${path}: holds a model of kind "${file.kind}", expected ${RecurrentLM.kind} or ` +
        FeedforwardLM.kind,
    );
  type Config = RecurrentLM['config'] & FeedforwardLM['config'] & Partial<Recipe>;
  const config = file.config as Config;
  const forward = file.kind === FeedforwardLM.kind;
  const regularized = (config.cell as string) === 'awd' ? (config.cellOptions as AWDOptions) : null;
  const { level } = file.vocab as { level: Recipe['level'] };
  checkTokenizer(path, level);
  const own: Partial<Recipe> = {
    level,
    model: forward ? 'feedforward' : 'recurrent',
    ...(forward
      ? { context: config.context, direct: config.direct }
      : {
          cell: regularized?.cell ?? (config.cell as Recipe['cell']),
          layers: config.layers,
          tie: config.tie,
        }),
    ...(regularized &&
      Object.fromEntries(
        [...REGULARIZERS, 'inputDropout' as const].map(name => [name, regularized[name] ?? DEFAULTS[name]]), // biome-ignore format: one line
      )),
    hidden: config.hiddenSize,
    embedding: config.embeddingSize,
    dropout: regularized ? (regularized.outputDropout ?? 0) : (given.dropout ?? config.dropout),
    softmax: config.softmax ?? 'full',
    cutoffs: config.cutoffs ?? null,
    samples: config.samples ?? null,
  };
  const changed = MODEL.filter(
    name => name in own && given[name] !== undefined && String(given[name]) !== String(own[name]),
  ).map(name => `${flag(name)} is ${own[name]}`);
  if (changed.length > 0)
    throw new Refusal(
      `${path}: the model is what it is: ${changed.join(', ')}; ` +
        'leave these out, or begin a new model',
    );
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null));
}

/** Whether the layers are blocks, which read as many numbers as they give. */
const blocks = ({ model, cell }: Recipe): boolean =>
  model === 'recurrent' && (cell === 'mingru' || cell === 'rglru');

/** Whether the layers read as many numbers as they give. */
const asWide = (recipe: Recipe): boolean =>
  blocks(recipe) ||
  (recipe.model === 'recurrent' && REGULARIZERS.some(name => Boolean(recipe[name])));

/** The recipe of a new run: the given options, completed by the defaults. */
export function newRecipe(given: Given): Recipe {
  const pick = Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]) => [
      name,
      given[name as keyof typeof DEFAULTS] ?? value,
    ]),
  ) as unknown as Recipe;
  const lr = given.lr ?? OPTIMIZERS[pick.optimizer].lr;
  const recipe: Recipe = {
    ...pick,
    split: given.valid === undefined ? (given.split ?? SPLIT) : null,
    exactSplit: given.split !== undefined,
    minCount: given.minCount ?? null,
    maxVocab: given.maxVocab ?? null,
    embedding: given.embedding ?? (pick.tie || asWide(pick) ? pick.hidden : EMBEDDING),
    lr,
    lrMin: given.lrMin ?? lr / 200,
    epochs: given.steps === undefined ? (given.epochs ?? EPOCHS) : null,
    steps: given.steps ?? null,
  };
  const strange = REGULARIZERS.find(name => recipe[name]);
  if (strange && blocks(recipe))
    throw new Refusal(
      `${flag(strange)} is for --cell rnn, lstm and gru, --cell is ${recipe.cell}; leave it out`,
    );
  if (given.nonmonotone !== undefined && recipe.optimizer !== 'ntasgd')
    throw new Refusal(
      `--nonmonotone goes with --optimizer ntasgd, not ${recipe.optimizer}; leave it out`,
    );
  if (recipe.weightDecay !== null && !['sgd', 'ntasgd', 'adamw'].includes(recipe.optimizer))
    throw new Refusal(
      `--weight-decay goes with --optimizer sgd, ntasgd and adamw, not ${recipe.optimizer}; leave it out`,
    );
  if (recipe.optimizer === 'ntasgd' && recipe.split === 1)
    throw new Refusal('--optimizer ntasgd needs validation; give --valid, or a --split below 1');
  if (recipe.optimizer === 'ntasgd' && recipe.softmax === 'sampled')
    throw new Refusal(
      '--optimizer ntasgd averages every row, --softmax sampled updates a few; give --optimizer sgd',
    );
  if (asWide(recipe) && recipe.embedding !== recipe.hidden)
    throw new Refusal(
      `${strange ? flag(strange) : `--cell ${recipe.cell}`} needs --embedding (${recipe.embedding}) to be --hidden ` +
        `(${recipe.hidden}); leave it out`,
    );
  if (recipe.tie && recipe.embedding !== recipe.hidden)
    throw new Refusal(
      `--tie needs --embedding (${recipe.embedding}) to be --hidden (${recipe.hidden})`,
    );
  const { softmax } = recipe;
  if (softmax !== 'full' && recipe.level !== 'word')
    throw new Refusal(
      `--softmax ${softmax} is for words, --level is ${recipe.level}; leave it out, or give ` +
        '--level word',
    );
  if (softmax === 'adaptive' && recipe.tie)
    throw new Refusal(
      '--tie needs one matrix, --softmax adaptive has several sizes; leave one of them out, or ' +
        'give --softmax sampled',
    );
  if (softmax === 'sampled' && recipe.optimizer === 'adamw')
    throw new Refusal(
      '--optimizer adamw decays every row of a matrix, --softmax sampled updates a few; give ' +
        '--optimizer adam',
    );
  if (recipe.cutoffs !== null && softmax !== 'adaptive')
    throw new Refusal(`--cutoffs goes with --softmax adaptive, not ${softmax}`);
  if (recipe.samples !== null && softmax !== 'sampled')
    throw new Refusal(`--samples goes with --softmax sampled, not ${softmax}`);
  if (recipe.lrMin > lr) throw new Refusal(`--lr-min is ${recipe.lrMin}, above --lr ${lr}`);
  if (recipe.schedule === 'exponential' && recipe.lrMin === 0)
    throw new Refusal('--schedule exponential never comes to --lr-min 0; give a number above 0');
  if (recipe.schedule === 'plateau' && recipe.split === 1)
    throw new Refusal('--schedule plateau needs validation; give --valid, or a --split below 1');
  return recipe;
}
