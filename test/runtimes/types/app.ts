import { init, nn, ops, Parameter, scope, type Tensor } from 'throughtime';
import { readModel } from 'throughtime/io';
import { RecurrentLM } from 'throughtime/lm';
import { writeFileAtomic } from 'throughtime/node';
import { Adam, cosine } from 'throughtime/optim';
import { columns, Vocab } from 'throughtime/text';
import { type Report, Trainer } from 'throughtime/train';

class Scale extends nn.Module {
  readonly factor = new Parameter([1]);
  forward(x: Tensor): Tensor {
    return ops.mul(x, this.factor);
  }
}

export async function train(text: string): Promise<Uint8Array> {
  await init({ deterministic: true });
  const vocab = Vocab.fromText(text, { level: 'char' });
  const model = new RecurrentLM({ vocab, hiddenSize: 8 });
  const optimizer = new Adam(model.namedParameters(), { lr: 0.01 });
  const trainer = new Trainer(model, { optimizer, schedule: cosine(), steps: 3 });
  const reports: Report[] = [];
  for await (const report of trainer.run(columns(vocab.encode(text), { batchSize: 2 })))
    reports.push(report);
  const scale = new Scale();
  scope(() => ops.sum(scale.forward(scale.factor)).backward());
  const bytes = model.save();
  await writeFileAtomic('model.safetensors', bytes);
  return readModel(bytes).kind === model.kind ? bytes : new Uint8Array();
}
