/** What must be the same, however it is computed: recurrent layers against themselves. */
import { infer, init, nn, ops, Random, scope, tensor, zeros } from '../../src/index.js';
import { probed } from '../support/checkop.js';
import { near } from '../support/near.js';
import { cut, type Input, KINDS, type Probes, pass, randomInput } from '../support/network.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('recurrent layers');

const TOLERANCE = 5e-6; // of each tensor's norm: sums of different order
const [I, H] = [5, 7];
const FORMS = [
  {},
  { layers: 2 },
  { bidirectional: true },
  { layers: 2, bidirectional: true },
  { bias: false },
] as const;

/** Each kind and form of network, disposed after use. */
function everyNetwork(
  work: (network: nn.Recurrent, what: string) => void,
  forms: readonly nn.RecurrentOptions[] = FORMS,
): void {
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const form of forms) {
      const network = make(I, H, { ...form, random: new Random(3) });
      work(network, `${kind} ${JSON.stringify(form)}`);
      network.dispose();
    }
  }
}

/** The input and probes of rows b, at steps from … to (default all). */
function part(
  network: nn.Recurrent,
  input: Input,
  probes: Probes,
  { row, from = 0, to = input.T }: { row: number; from?: number; to?: number },
): { input: Input; probes: Probes } {
  const width = network.directions * H;
  const stepsOf = (values: ArrayLike<number>, inner: number) =>
    cut(cut(values, { n: input.B, inner, from: row, to: row + 1 }), {
      n: input.T,
      inner,
      from,
      to,
    });
  const states = (list?: readonly ArrayLike<number>[]) =>
    list?.map(values => cut(values, { n: input.B, inner: H, from: row, to: row + 1 }));
  return {
    input: { T: to - from, B: 1, I, x: stepsOf(input.x, I), state: states(input.state) },
    probes: { output: stepsOf(probes.output, width), state: states(probes.state) },
  };
}

/** Σ of gradients by name. */
function sumOf(maps: readonly Map<string, Float32Array>[]): Map<string, Float64Array> {
  return new Map(
    [...maps[0]!].map(([name, first]) => [
      name,
      Float64Array.from(first, (_, i) => maps.reduce((sum, map) => sum + map.get(name)![i]!, 0)),
    ]),
  );
}

function sameGradients(
  actual: Map<string, Float32Array>,
  expected: Map<string, ArrayLike<number>>,
  what: string,
): void {
  for (const [name, gradient] of expected)
    near(actual.get(name)!, gradient, TOLERANCE, `${what}: ∂/∂${name}`);
}

test('a batch is its rows one by one: outputs, states and all gradients', () => {
  everyNetwork((network, what) => {
    const [T, B, D] = [5, 3, network.directions];
    const { input, probes } = randomInput(network, { T, B });
    const whole = pass(network, input, probes);
    const rows = Array.from({ length: B }, (_, row) => {
      const alone = part(network, input, probes, { row });
      const result = pass(network, alone.input, alone.probes);
      const own = (values: ArrayLike<number>, inner: number) =>
        cut(values, { n: B, inner, from: row, to: row + 1 });
      near(result.output, own(whole.output, D * H), TOLERANCE, `${what}: output of row ${row}`);
      near(result.dx, own(whole.dx, I), TOLERANCE, `${what}: dx of row ${row}`);
      result.state.forEach((state, i) =>
        near(state, own(whole.state[i]!, H), TOLERANCE, `${what}: state of row ${row}`),
      );
      result.dstate.forEach((dstate, i) =>
        near(dstate, own(whole.dstate[i]!, H), TOLERANCE, `${what}: dstate of row ${row}`),
      );
      return result.gradients;
    });
    sameGradients(whole.gradients, sumOf(rows), what);
  });
});

test('a long sequence is its pieces with the state carried over, gradients included', () => {
  everyNetwork(
    (network, what) => {
      const [T, B] = [7, 3];
      const { input, probes } = randomInput(network, { T, B });
      const whole = pass(network, input, probes);
      for (const p of network.parameters()) p.zeroGrad();
      scope(() => {
        const x = tensor(Float64Array.from(input.x), { shape: [T, B, I], requiresGrad: true });
        let state = input.state.map(values =>
          tensor(values, { shape: [network.layers, B, H], requiresGrad: true }),
        );
        const initial = state;
        const outputs = [
          [0, 1],
          [1, 4],
          [4, 7],
        ].map(([from, to]) => {
          const piece = network.forward(ops.slice(x, 0, from!, to!), { state });
          state = piece.state;
          return piece.output;
        });
        const output = ops.concat(outputs);
        near(output.toArray(), whole.output, TOLERANCE, `${what}: output`);
        state.forEach((tensor, i) =>
          near(tensor.toArray(), whole.state[i]!, TOLERANCE, `${what}: final state`),
        );
        state
          .reduce(
            (loss, tensor, i) => ops.add(loss, probed(tensor, probes.state[i]!)),
            probed(output, probes.output),
          )
          .backward();
        near(x.grad!, whole.dx, TOLERANCE, `${what}: dx`);
        initial.forEach((tensor, i) =>
          near(tensor.grad!, whole.dstate[i]!, TOLERANCE, `${what}: dstate`),
        );
      });
      sameGradients(
        new Map([...network.namedParameters()].map(([name, p]) => [name, p.grad!])),
        whole.gradients,
        what,
      );
    },
    [{}, { layers: 2 }, { bias: false }],
  );
});

test('state copied out of the scope continues a sequence, and cuts the gradient', () => {
  everyNetwork(
    (network, what) => {
      const { input, probes } = randomInput(network, { T: 6, B: 2 });
      const whole = pass(network, input, probes);
      const carried = input.state.map(values => tensor(values, { shape: [network.layers, 2, H] }));
      const outputs = [0, 2, 4].map(from =>
        infer(() => {
          const piece = network.forward(
            tensor(Float64Array.from(input.x).subarray(from * 2 * I, (from + 2) * 2 * I), {
              shape: [2, 2, I],
            }),
            { state: carried },
          );
          carried.forEach((tensor, i) => tensor.copyFrom(piece.state[i]!));
          return [...piece.output.toArray()];
        }),
      );
      near(outputs.flat(), whole.output, TOLERANCE, `${what}: output`);
      carried.forEach((tensor, i) => {
        near(tensor.toArray(), whole.state[i]!, TOLERANCE, `${what}: final state`);
        if (tensor.grad !== null) throw new Error('carried state has a gradient');
        tensor.dispose();
      });
    },
    [{}, { layers: 2 }],
  );
});

test('an absent initial state is zeros, to the bit', () => {
  everyNetwork((network, what) => {
    const { input, probes } = randomInput(network, { T: 4, B: 3 });
    const zero = pass(
      network,
      { ...input, state: input.state.map(values => new Float64Array(values.length)) },
      probes,
    );
    const absent = pass(network, { ...input, state: undefined }, probes);
    near(absent.output, zero.output, 0, `${what}: output`);
    near(absent.dx, zero.dx, 0, `${what}: dx`);
    absent.state.forEach((state, i) => near(state, zero.state[i]!, 0, `${what}: state`));
    sameGradients(absent.gradients, zero.gradients, what);
  });
});

test('with lengths each row is its shorter sequence alone; later outputs are zero, later inputs have no gradient', () => {
  everyNetwork((network, what) => {
    const [T, lengths] = [6, [4, 6, 1, 3]];
    const B = lengths.length;
    const width = network.directions * H;
    const { input, probes } = randomInput(network, { T, B });
    const whole = pass(network, { ...input, lengths }, probes);
    const rows = lengths.map((to, row) => {
      const alone = part(network, input, probes, { row, to });
      const result = pass(network, alone.input, alone.probes);
      const own = (values: ArrayLike<number>, inner: number) =>
        cut(values, { n: B, inner, from: row, to: row + 1 });
      const padded = (values: Float32Array, inner: number) =>
        Float64Array.from({ length: T * inner }, (_, i) => values[i] ?? 0);
      near(
        own(whole.output, width),
        padded(result.output, width),
        TOLERANCE,
        `${what}: output of row ${row}`,
      );
      near(own(whole.dx, I), padded(result.dx, I), TOLERANCE, `${what}: dx of row ${row}`);
      result.state.forEach((state, i) =>
        near(own(whole.state[i]!, H), state, TOLERANCE, `${what}: state of row ${row}`),
      );
      result.dstate.forEach((dstate, i) =>
        near(own(whole.dstate[i]!, H), dstate, TOLERANCE, `${what}: dstate of row ${row}`),
      );
      return result.gradients;
    });
    sameGradients(whole.gradients, sumOf(rows), what);
  });
});

test('with resets each document is a sequence of its own, in both directions', () => {
  everyNetwork((network, what) => {
    const [T, B] = [7, 2];
    const D = network.directions;
    const starts = [
      [0, 3, 4],
      [0, 5],
      // first steps of the documents in each row; where t = 0 is no reset the state is the given
      // one
    ];
    const resets = Array.from({ length: T * B }, (_, n) =>
      n >= B && starts[n % B]!.includes(Math.floor(n / B)) ? 1 : 0,
    );
    const { input, probes } = randomInput(network, { T, B });
    // final states are those of the last documents (and first, in reverse)
    const stateless = { output: probes.output };
    const whole = pass(network, { ...input, state: undefined, resets }, stateless);
    const documents = starts.flatMap((own, row) =>
      own.map((from, k) => {
        const to = own[k + 1] ?? T;
        const alone = part(network, input, stateless, { row, from, to });
        const result = pass(network, { ...alone.input, state: undefined }, alone.probes);
        const stepsOf = (values: ArrayLike<number>, inner: number) =>
          cut(cut(values, { n: B, inner, from: row, to: row + 1 }), { n: T, inner, from, to });
        near(
          stepsOf(whole.output, D * H),
          result.output,
          TOLERANCE,
          `${what}: output of row ${row}, document ${k}`,
        );
        near(
          stepsOf(whole.dx, I),
          result.dx,
          TOLERANCE,
          `${what}: dx of row ${row}, document ${k}`,
        );
        return result.gradients;
      }),
    );
    sameGradients(whole.gradients, sumOf(documents), what);
  });
});

test('a reset at the first step throws the given state away', () => {
  everyNetwork(
    (network, what) => {
      const { input, probes } = randomInput(network, { T: 3, B: 2 });
      const resets = [1, 1, 0, 0, 0, 0];
      const absent = pass(network, { ...input, state: undefined }, probes);
      const reset = pass(network, { ...input, resets }, probes);
      near(reset.output, absent.output, TOLERANCE, `${what}: output`);
      for (const dstate of reset.dstate)
        near(dstate, new Float64Array(dstate.length), 0, `${what}: dstate`);
      sameGradients(reset.gradients, absent.gradients, what);
    },
    [{}, { layers: 2 }],
  );
});

test('the second direction is the first one on the reversed sequence', () => {
  for (const [kind, make] of Object.entries(KINDS)) {
    const [T, B] = [5, 2];
    const both = make(I, H, { bidirectional: true, random: new Random(5) });
    const single = make(I, H);
    single.loadStateDict(
      new Map(
        [...both.stateDict()]
          .filter(([name]) => name.endsWith('_reverse'))
          .map(([name, entry]) => [name.replace('_reverse', ''), entry]),
      ),
    );
    const { input, probes } = randomInput(both, { T, B });
    const backwards = (values: ArrayLike<number>, inner: number) =>
      Array.from({ length: T }, (_, t) =>
        cut(values, { n: T, inner: B * inner, from: T - 1 - t, to: T - t }),
      ).flat();
    const second = (values: ArrayLike<number>) => cut(values, { n: 2, inner: H, from: 1, to: 2 });
    const secondState = (values: ArrayLike<number>) =>
      cut(values, { n: 2, inner: B * H, from: 1, to: 2 });
    const silent = {
      output: Float64Array.from(probes.output, (d, i) => (Math.floor(i / H) % 2 === 1 ? d : 0)),
      state: probes.state.map(d => d.map((v, i) => (i >= B * H ? v : 0))),
    };
    const whole = pass(both, input, silent);
    const alone = pass(
      single,
      { T, B, I, x: backwards(input.x, I), state: input.state.map(secondState) },
      { output: backwards(second(probes.output), H), state: probes.state.map(secondState) },
    );
    near(backwards(second(whole.output), H), alone.output, TOLERANCE, `${kind}: output`);
    near(backwards(whole.dx, I), alone.dx, TOLERANCE, `${kind}: dx`);
    alone.state.forEach((state, i) =>
      near(secondState(whole.state[i]!), state, TOLERANCE, `${kind}: state`),
    );
    for (const [name, gradient] of alone.gradients)
      near(whole.gradients.get(`${name}_reverse`)!, gradient, TOLERANCE, `${kind}: ∂/∂${name}`);
    both.dispose();
    single.dispose();
  }
});

test('two layers are one on the outputs of the other, dropout between them', () => {
  for (const [kind, make] of Object.entries(KINDS)) {
    const stacked = make(I, H, { layers: 2, dropout: 0.4, random: new Random(6) });
    const [lower, upper] = [make(I, H), make(H, H)];
    const weights = stacked.stateDict();
    for (const [layer, network] of [lower, upper].entries()) {
      network.loadStateDict(
        new Map(
          [...weights]
            .filter(([name]) => name.endsWith(`_l${layer}`))
            .map(([name, entry]) => [name.replace(/\d$/, '0'), entry]),
        ),
      );
    }
    const x = new TestRandom(1).array(4 * 2 * I);
    infer(() => {
      const input = () => tensor(x, { shape: [4, 2, I] });
      const compose = (random?: Random) => {
        const middle = lower.forward(input()).output;
        return upper.forward(random ? ops.dropout(middle, 0.4, random) : middle).output.toArray();
      };
      near(stacked.forward(input()).output.toArray(), compose(), 0, `${kind} without dropout`);
      near(
        stacked.forward(input(), { random: new Random(9) }).output.toArray(),
        compose(new Random(9)),
        0,
        `${kind} with dropout`,
      );
    });
    for (const network of [stacked, lower, upper]) network.dispose();
  }
});

test('only what wants a gradient gets one: state alone, input alone, weights alone', () => {
  everyNetwork((network, what) => {
    const [T, B] = [3, 2];
    const { input, probes } = randomInput(network, { T, B });
    const whole = pass(network, input, probes);
    const shape = [network.layers * network.directions, B, H];
    scope(() => {
      const x = tensor(Float64Array.from(input.x), { shape: [T, B, I] });
      const state = input.state.map(values => tensor(values, { shape, requiresGrad: true }));
      for (const p of network.parameters()) p.zeroGrad();
      const run = network.forward(x, { state });
      run.state
        .reduce(
          (loss, tensor, i) => ops.add(loss, probed(tensor, probes.state[i]!)),
          probed(run.output, probes.output),
        )
        .backward();
      if (x.grad !== null) throw new Error(`${what}: dx was not asked for`);
      state.forEach((tensor, i) => near(tensor.grad!, whole.dstate[i]!, 0, `${what}: dstate`));
    });
    scope(() => {
      for (const p of network.parameters()) p.zeroGrad();
      const run = network.forward(tensor(Float64Array.from(input.x), { shape: [T, B, I] }), {
        state: input.state.map(values => tensor(values, { shape })),
      });
      run.state
        .reduce(
          (loss, tensor, i) => ops.add(loss, probed(tensor, probes.state[i]!)),
          probed(run.output, probes.output),
        )
        .backward();
    });
    for (const [name, p] of network.namedParameters())
      near(p.grad!, whole.gradients.get(name)!, 0, `${what}: ∂/∂${name}`);
  });
});

test('a loss of the final state alone, or of one step alone, has its gradients', () => {
  everyNetwork((network, what) => {
    const [T, B] = [20, 2]; // an output's gradient read at address 0 would run into the module's tables
    const { input, probes } = randomInput(network, { T, B });
    const silence = (values: ArrayLike<number>) => new Float64Array(values.length);
    const output = pass(network, input, { output: probes.output });
    const state = pass(network, input, { output: silence(probes.output), state: probes.state });
    const both = pass(network, input, probes);
    near(
      both.dx,
      output.dx.map((d, i) => d + state.dx[i]!),
      TOLERANCE,
      `${what}: dx is the sum of both`,
    );
    sameGradients(both.gradients, sumOf([output.gradients, state.gradients]), what);
    for (const p of network.parameters()) p.zeroGrad();
    scope(() => {
      const run = network.forward(tensor(Float64Array.from(input.x), { shape: [T, B, I] }), {
        state: input.state.map(v =>
          tensor(v, { shape: [network.layers * network.directions, B, H] }),
        ),
      });
      run.state
        .reduce(
          (loss, tensor, i) => ops.add(loss, probed(tensor, probes.state[i]!)),
          ops.sum(ops.affine(run.state[0]!, 0)),
        )
        .backward(); // the output has no gradient at all
    });
    sameGradients(
      new Map([...network.namedParameters()].map(([name, p]) => [name, p.grad!])),
      state.gradients,
      `${what}, state alone`,
    );
  });
});

test('one step, one row, one unit work', () => {
  for (const [kind, make] of Object.entries(KINDS)) {
    const network = make(1, 1, { layers: 2, bidirectional: true });
    infer(() => {
      const { output, state } = network.forward(zeros([1, 1, 1]));
      if (String(output.shape) !== '1,1,2' || String(state[0]!.shape) !== '4,1,1')
        throw new Error(`${kind}: [${output.shape}], [${state[0]!.shape}]`);
      near(cut(state[0]!.toArray(), { n: 4, inner: 1, from: 2, to: 4 }), output.toArray(), 0, kind);
    });
    network.dispose();
  }
});

test('what does not fit is named', () => {
  const network = new nn.LSTM(I, H);
  infer(() => {
    throws(
      () => network.forward(zeros([2, 3, I + 1])),
      RangeError,
      /^lstm: weight_ih is \[28,5\], expected \[28,6\]/,
    );
    throws(
      () => network.forward(zeros([2, I])),
      RangeError,
      /^lstm: x is \[2,5\], expected \[·,·,·\]/,
    );
    throws(
      () => network.forward(zeros([0, 3, I])),
      RangeError,
      /^lstm: x \[0,3,5\] has no time steps or no rows/,
    );
    throws(
      () => network.forward(zeros([2, 3, I]), { state: [zeros([1, 3, H])] }),
      RangeError,
      /^LSTM: a state of 1 tensors, expected 2/,
    );
    throws(
      () => network.forward(zeros([2, 3, I]), { state: [zeros([1, 2, H]), zeros([1, 3, H])] }),
      RangeError,
      /^LSTM: state is \[1,2,7\], expected \[1,3,7\]/,
    );
    throws(
      () => network.forward(zeros([2, 3, I]), { lengths: Int32Array.of(1, 2) }),
      RangeError,
      /^lstm: 2 lengths for 3 rows/,
    );
    throws(
      () => network.forward(zeros([2, 3, I]), { lengths: Int32Array.of(1, 3, 2) }),
      RangeError,
      /^lstm: length 3 at position 1 lies outside \[1, 3\)/,
    );
    throws(
      () => network.forward(zeros([2, 3, I]), { lengths: Int32Array.of(1, 0, 2) }),
      RangeError,
      /^lstm: length 0 at position 1/,
    );
    throws(
      () => network.forward(zeros([2, 3, I]), { resets: new Uint8Array(5) }),
      RangeError,
      /^lstm: 5 resets for 2·3 time steps/,
    );
  });
  network.dispose();
});

run();
