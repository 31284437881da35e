/** Word vectors of one run: trained here, or opened from a file. */
import { io, runtimeInfo, text, words } from 'throughtime';
import { count } from '../format.js';
import type { FromWorker, Neighbour, Question, Recipe } from './messages.js';
import { asWord, linesOfWords } from './tokens.js';

type Tell = (message: FromWorker, transfer?: Transferable[]) => void;

/** Fewer words teach nothing. */
const FEWEST = 300;
const ON_MAP = 120;
/** Words with a larger share of the text say little: the, of, and. */
const COMMON = 1e-3;
/** Milliseconds between two pictures of the map, and between two reports. */
const MAP_MS = 350;
const REPORT_MS = 150;
/** Steps of the map between two pictures; at the end it is made anew. */
const MAP_STEPS = 60;

/** A training of word vectors. */
export class Training {
  private readonly trainer: words.Word2VecTrainer;
  private readonly map: WordMap;
  private reportedAt = 0;
  private mappedAt = 0;
  private epoch = 0;
  private pace = { epoch: 0, at: 0 };

  private constructor(
    readonly recipe: Recipe,
    private readonly model: words.Word2Vec,
    private readonly corpus: words.WordCorpus,
    private readonly tell: Tell,
  ) {
    const { epochs, seed } = recipe;
    // some 200 steps: the map moves, and Pause is heard at once
    const chunk = Math.min(100_000, Math.max(1000, Math.ceil((corpus.ids.length * epochs) / 200)));
    this.trainer = new words.Word2VecTrainer(model, { epochs, seed, chunk, shards: 1, reportEvery: 1 }); // biome-ignore format: one line
    this.map = new WordMap(model.vectors());
  }

  /** @throws RangeError with a sentence for the user */
  static async begin(name: string, content: string, recipe: Recipe, tell: Tell): Promise<Training> {
    const lines = linesOfWords(content);
    const { minCount, algorithm, size, window, seed } = recipe;
    const vocab = text.Vocab.fromText(lines, { level: 'word', minCount });
    const ids = vocab.encode(lines, { unknown: 'skip' });
    const all = lines === '' ? 0 : lines.split(/\s+/).length;
    if (all < FEWEST)
      throw new RangeError(
        `“${name}” has ${count(all)} words; at least ${FEWEST} are needed to learn from.`,
      );
    if (vocab.size < 8)
      throw new RangeError(
        `Hardly a word of “${name}” occurs ${minCount} times; give more text, or lower “Seen at least”.`,
      );
    const model = await words.Word2Vec.create({ vocab, algorithm, size, window, sample: 1e-3, seed }); // biome-ignore format: one line
    const training = new Training(recipe, model, new words.WordCorpus(ids), tell);
    tell({
      type: 'begun',
      words: model.words.length,
      epochs: recipe.epochs,
      names: [...training.map.names],
      note: `${count(model.words.length)} different words of “${name}”, each as ${size} numbers (${runtimeInfo().build} build).`,
    });
    training.showMap();
    return training;
  }

  /** Trains until it is finished or interrupted; whether it is finished. */
  async advance(signal: AbortSignal): Promise<boolean> {
    this.pace = { epoch: this.epoch, at: performance.now() };
    for await (const event of this.trainer.run(this.corpus, { signal })) {
      if (event.type === 'end') {
        if (event.reason !== 'finished') return false;
        this.finish();
        return true;
      }
      if (event.type !== 'step') continue;
      this.epoch = event.epoch;
      this.report(event.epoch, event.loss);
    }
    return false;
  }

  private report(epoch: number, loss: number): void {
    const now = performance.now();
    if (now - this.reportedAt >= REPORT_MS || epoch >= this.recipe.epochs) {
      this.reportedAt = now;
      const rate = (1000 * (epoch - this.pace.epoch)) / (now - this.pace.at);
      this.tell({
        type: 'step',
        epoch,
        loss,
        perSecond: rate > 0 ? rate * this.corpus.ids.length : null,
        secondsLeft: rate > 0 ? (this.recipe.epochs - epoch) / rate : null,
      });
    }
    if (now - this.mappedAt >= MAP_MS) this.showMap();
  }

  private showMap(): void {
    const { map } = this;
    map.update(this.model.vectors());
    this.mappedAt = performance.now();
    this.tell({ type: 'map', positions: map.positions.slice() });
  }

  private finish(): void {
    this.map.renew(this.model.vectors());
    this.tell({ type: 'map', positions: this.map.positions.slice() });
  }

  vectors(): words.Vectors {
    return this.model.vectors();
  }
}

/** The places of some words on the map. */
export class WordMap {
  readonly names: readonly string[];
  positions: Float64Array;

  constructor(vectors: words.Vectors) {
    this.names = namesFor(vectors);
    this.positions = words.tsne(vectors, this.names, { iterations: MAP_STEPS });
  }

  /** Goes on from where the words are. */
  update(vectors: words.Vectors): void {
    this.positions = words.tsne(vectors, this.names, {
      start: this.positions,
      iterations: MAP_STEPS,
    });
  }

  /** Makes the map anew, turned so that words stay as near to their places as can be. */
  renew(vectors: words.Vectors): void {
    this.positions = turned(words.tsne(vectors, this.names), this.positions);
  }
}

/** The most frequent words that are not everywhere. */
function namesFor({ words: all, counts }: words.Vectors): string[] {
  const total = counts?.reduce((sum, each) => sum + each, 0) ?? 0;
  const rare = all.filter((word, row) => word.length > 1 && !(counts && counts[row]! > COMMON * total)); // biome-ignore format: one line
  return (rare.length >= 8 ? rare : all).slice(0, ON_MAP);
}

/**
 * Places y rotated, and mirrored if that is better, onto places x: the angle of least squares
 * (Procrustes in the plane).
 */
function turned(y: Float64Array, x: Float64Array): Float64Array {
  const fit = (mirror: 1 | -1): { cos: number; sin: number; length: number } => {
    let [cos, sin] = [0, 0];
    for (let i = 0; i < y.length; i += 2) {
      const [a, b] = [y[i]!, mirror * y[i + 1]!];
      cos += a * x[i]! + b * x[i + 1]!;
      sin += a * x[i + 1]! - b * x[i]!;
    }
    const length = Math.hypot(cos, sin) || 1;
    return { cos: cos / length, sin: sin / length, length };
  };
  const mirror = fit(-1).length > fit(1).length ? -1 : 1;
  const { cos, sin } = fit(mirror);
  return y.map((_, i) => {
    const [a, b] = [y[i - (i % 2)]!, mirror * y[i - (i % 2) + 1]!];
    return i % 2 === 0 ? cos * a - sin * b : sin * a + cos * b;
  });
}

/** @throws RangeError with a sentence for the user */
export function readFile(name: string, bytes: Uint8Array): words.Vectors {
  try {
    const { words: names, size, data, counts } = io.readVectors(bytes);
    if (names.length < 8) throw new RangeError('too few');
    return new words.Vectors({ words: names, size, data, ...(counts && { counts }) });
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new RangeError(`“${name}” holds no word vectors that can be read.`);
  }
}

/** Answers a question; words without a vector are named. */
export async function answer(
  vectors: words.Vectors,
  question: Question,
): Promise<{ neighbours: Neighbour[]; unknown: string[] }> {
  const asked = (
    question.about === 'nearest' ? [question.word] : [question.a, question.b, question.c]
  ).map(asWord);
  const unknown = asked.filter(word => !vectors.has(word));
  if (unknown.length > 0) return { neighbours: [], unknown };
  const [a, b, c] = asked as [string, string, string];
  const neighbours =
    question.about === 'nearest'
      ? await vectors.nearest(a, { top: 10 })
      : await vectors.analogy(a, b, c, { top: 5 });
  return { neighbours, unknown };
}
