/** What a bench measures, and the measurement. */
import { Bench, type Statistics } from 'tinybench';
import { peakBandwidth } from './bandwidth.js';
import { peakGflops } from './peak.js';

/** What a run says that measured itself, ms. */
export interface Measured {
  overriddenDuration: number;
}

export interface Case {
  name: string;
  /**
   * Does the work once. Inputs are seeded, and so are results: they stay in the kernels' memory,
   * where no engine can drop them.
   */
  run: () => void | Promise<unknown> | Measured;
  /** Floating-point operations in one run: of the matrix products alone, where there are any. */
  flop?: number;
  /** Bytes that a kernel must at least read and write in one run. */
  bytes?: number;
  /** Where a run works through a text: its units. */
  tokens?: number;
}

/**
 * A bench file's default export: cases one after the other, each measured before the next is asked
 * for, then given back.
 */
export type Cases = () => Iterable<Case>;

export interface Result {
  name: string;
  /** Of one run. */
  medianMs: number;
  /** Median absolute deviation from the median, as a share of it. */
  spread: number;
  runs: number;
  flop: number | null;
  bytes: number | null;
  gflops: number | null;
  gbps: number | null;
  /** Of the same process, measured just before. */
  peakGflops: number;
  peakGbps: number | null;
  /**
   * What operations and bytes would take at the peaks, the longer of the two, as a share of the
   * run; of neither, null.
   */
  share: number | null;
  tokens: number | null;
  tokensPerSecond: number | null;
}

/**
 * Milliseconds: by the clock, or with `--cpu` of this process's work alone, for machines that
 * others keep busy.
 */
export const now = process.argv.includes('--cpu')
  ? () => process.cpuUsage().user / 1000
  : () => performance.now();

/** Runs `work` for at least `time` ms and 5 times, after a warm-up. */
export async function measure(name: string, work: Case['run'], time: number): Promise<Statistics> {
  const bench = new Bench({
    now,
    time,
    iterations: 5,
    warmupTime: time / 4,
    warmupIterations: 2,
    throws: true,
  });
  bench.add(name, work);
  const [task] = await bench.run();
  const { result } = task!;
  if (!('latency' in result))
    throw new Error(`bench: "${name}" ended as ${result.state}, without a figure`);
  return result.latency;
}

export async function measureCase({ name, run, flop, bytes, tokens }: Case): Promise<Result> {
  const peak = {
    gflops: await peakGflops(),
    gbps: bytes === undefined ? null : await peakBandwidth(bytes),
  };
  const { p50, mad, samplesCount } = await measure(name, run, 600);
  /** 10⁹ of it in a second. */
  const rate = (amount: number | undefined): number | null =>
    amount === undefined ? null : amount / p50 / 1e6;
  const [gflops, gbps] = [rate(flop), rate(bytes)];
  return {
    name,
    medianMs: p50,
    spread: mad / p50,
    runs: samplesCount,
    flop: flop ?? null,
    bytes: bytes ?? null,
    gflops,
    gbps,
    peakGflops: peak.gflops,
    peakGbps: peak.gbps,
    share: Math.max((gflops ?? 0) / peak.gflops, (gbps ?? 0) / (peak.gbps ?? Infinity)) || null,
    tokens: tokens ?? null,
    tokensPerSecond: tokens === undefined ? null : (1000 * tokens) / p50,
  };
}
