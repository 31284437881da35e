/**
 * The page in Chromium: Debian's `chromium`, or the one that CHROMIUM names, driven by
 * playwright-core.
 */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { Absent, check, close as closing } from '../../../test/runtimes/support.js';
import { serve } from '../serve.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const DESKTOP = { viewport: { width: 1280, height: 900 } };
const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 2,
};
const PATIENCE = 90_000;
const scratch = mkdtempSync(join(tmpdir(), 'page-'));
/** Where screenshots go, if anywhere. */
const SHOTS = process.env.SHOTS;

let browser;
const server = await serve(0);

/**
 * A page that fails the test on any error in its console, and on a complaint that is not expected.
 */
async function open(options = DESKTOP, path = '') {
  if (!existsSync(executablePath))
    throw new Absent(`${executablePath} is not there; apt-get install chromium`);
  browser ??= await chromium.launch({ executablePath, args: FLAGS });
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const errors = [];
  page.on(
    'console',
    message => ['error', 'warning'].includes(message.type()) && errors.push(message.text()),
  );
  page.on('pageerror', error => errors.push(error.message));
  await page.goto(`http://localhost:${server.address().port}/${path}`);
  return {
    page,
    errors,
    number: async id =>
      Number((await page.textContent(`#n-${id}`)).replaceAll(',', '').split(' ')[0]),
    phase: wanted => page.waitForFunction(phase => document.body.dataset.phase === phase, wanted),
    atStep: n =>
      page.waitForFunction(
        n =>
          Number(document.querySelector('#n-step').textContent.split(' ')[0].replaceAll(',', '')) >=
          n,
        n,
      ),
    shot: async name => {
      if (!SHOTS) return;
      mkdirSync(SHOTS, { recursive: true });
      await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
    },
    close: async ({ complaint = '' } = {}) => {
      const problem = await page.textContent('#problem');
      await context.close();
      assert.equal(problem, complaint);
      assert.deepEqual(errors, [], 'errors in the console');
    },
  };
}

/** Small enough for a second or two. */
async function configure(page, { steps, hidden = 32, cell = 'gru' }) {
  await page.selectOption('[name=hidden]', String(hidden));
  await page.selectOption('[name=bptt]', '16');
  await page.check(`[name=cell][value=${cell}]`);
  await page.fill('[name=steps]', String(steps));
}

/** How many pixels of a plot's canvas have a strong colour: axes and grid are grey. */
const coloured = (page, id) =>
  page.evaluate(id => {
    const canvas = document.querySelector(`#${id}-plot canvas`);
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {
      willReadFrequently: true,
    });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let n = 0;
    for (let i = 0; i < data.length; i += 4)
      if (
        data[i + 3] > 200 &&
        Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) >
          60
      )
        n++;
    return n;
  }, id);

async function download(page, button) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  const path = join(scratch, file.suggestedFilename());
  await file.saveAs(path);
  return path;
}

const write = async page => {
  await page.fill('#prompt', 'a person who ');
  await page.fill('#temperature', '0');
  await page.click('#write');
  await page.waitForFunction(() => document.querySelector('#written').ariaBusy === 'false');
  const written = await page.textContent('#written');
  assert.ok(written.length >= 300, `${written.length} characters were written`);
  return written;
};

await check('one click trains: the loss falls, the curves grow, samples appear', async () => {
  const { page, close, phase, number, atStep, shot } = await open();
  await shot('desktop-light-start');
  assert.equal(await coloured(page, 'loss'), 0);
  await configure(page, { steps: 600 });
  await page.click('#primary');
  await atStep(20);
  const first = { bits: await number('bits'), pixels: await coloured(page, 'loss') };
  assert.ok(first.bits > 3 && first.bits < 7, `${first.bits} bits at the beginning`);
  await phase('done');
  const last = { bits: await number('bits'), pixels: await coloured(page, 'loss') };
  assert.ok(last.bits < first.bits - 0.2, `from ${first.bits} to ${last.bits} bits`);
  assert.ok(
    last.pixels > first.pixels + 200,
    `the loss curve has ${first.pixels}, then ${last.pixels} pixels`,
  );
  assert.ok((await coloured(page, 'gradient')) > 200, 'the gradient is drawn');
  assert.ok((await page.locator('#samples li').count()) >= 2, 'samples are listed');
  assert.ok((await page.textContent('#samples li:first-child p')).length > 100);
  assert.match(
    await page.getAttribute('#loss-plot', 'aria-label'),
    /bits per character in training, [\d.]+ on held-out text after 600 steps/,
  );
  await close();
});

await check('gradients vanish in the plain RNN and not in the LSTM', async () => {
  const { page, close, phase, shot } = await open();
  const reach = {};
  for (const cell of ['rnn', 'lstm']) {
    await configure(page, { steps: 200, hidden: 64, cell });
    await page.click('#primary');
    await phase('done');
    const label = await page.getAttribute('#gradient-plot', 'aria-label');
    const [, digit, exponent] =
      new RegExp(`${cell.toUpperCase()} 1×64 (\\d)(?:×10⁻([⁰¹²³⁴⁵⁶⁷⁸⁹]+))?`).exec(label) ??
      assert.fail(label);
    reach[cell] =
      Math.log10(Number(digit)) -
      Number([...(exponent ?? '')].map(d => '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(d)).join(''));
  }
  assert.equal(await page.locator('#gradient-legend li').count(), 2, 'both curves are there');
  assert.ok(reach.rnn < -15, `RNN: 10^${reach.rnn}`);
  assert.ok(reach.lstm > reach.rnn + 8, `LSTM: 10^${reach.lstm}`);
  await shot('desktop-light');
  await close();
});

await check('it pauses, stands still, resumes and stops', async () => {
  const { page, close, phase, number, atStep } = await open();
  await configure(page, { steps: 100_000 });
  await page.click('#primary');
  await atStep(10);
  await page.click('#primary');
  await phase('paused');
  const step = await number('step');
  await page.waitForTimeout(500);
  assert.equal(await number('step'), step, 'no steps while paused');
  await page.click('#primary');
  await atStep(step + 10);
  await page.click('#stop');
  await phase('done');
  assert.equal(await page.textContent('#status'), 'Stopped.');
  await close();
});

await check('by the keyboard alone', async () => {
  const { page, close, phase, atStep } = await open();
  for (let i = 0; i < 5; i++) await page.keyboard.press('Tab'); // three views, the text, the cell
  await page.keyboard.press('ArrowRight');
  assert.ok(await page.isChecked('[name=cell][value=gru]'), 'Tab and the arrows reach the cell');
  await page.keyboard.press('Control+Enter');
  await atStep(5);
  await page.keyboard.press('Control+Enter');
  await phase('paused');
  await close();
});

await check('an empty file gets one clear sentence', async () => {
  const { page, close } = await open();
  await page.check('[name=source][value=own]');
  await page.setInputFiles('#file', {
    name: 'empty.txt',
    mimeType: 'text/plain',
    buffer: Buffer.alloc(0),
  });
  assert.equal(
    await page.textContent('#problem'),
    '“empty.txt” is empty; choose a file with text in it.',
  );
  await page.click('#primary');
  await close({ complaint: 'There is no text yet; paste one or choose a file.' });
});

await check(
  'a short text, a file that is no text, and a file that is no model get one clear sentence each',
  async () => {
    const { page, close } = await open();
    const complains = sentence =>
      page.waitForFunction(
        sentence => document.querySelector('#problem').textContent === sentence,
        sentence,
      );
    const photo = { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(5000, 0xff) };
    await page.check('[name=source][value=own]');
    await page.fill('#pasted', 'too short');
    await page.click('#primary');
    await complains('“Your text” has 9 characters; at least 500 are needed to learn from.');
    await page.setInputFiles('#file', photo);
    await page.click('#primary');
    await complains('“photo.jpg” is not UTF-8 text; save it as UTF-8 and choose it again.');
    await page.setInputFiles('#open', photo);
    const complaint = '“photo.jpg” is not a model or checkpoint of throughtime.';
    await complains(complaint);
    await close({ complaint });
  },
);

await check('a file of 20 MB trains', async () => {
  const path = join(scratch, 'large.txt');
  const sample = readFileSync(new URL('../dist/sample.txt', import.meta.url));
  writeFileSync(path, Buffer.concat(Array.from({ length: 50 }, () => sample)));
  const { page, close, atStep } = await open();
  await page.check('[name=source][value=own]');
  await page.setInputFiles('#file', path);
  assert.equal(await page.textContent('#chosen-name'), 'large.txt · 20.0 MB');
  await configure(page, { steps: 100_000 });
  await page.click('#primary');
  await atStep(10);
  assert.match(await page.textContent('#status'), /learns from 19,99\d,\d+ characters/);
  await close();
});

await check('a text pasted on a phone trains, and nothing is wider than the screen', async () => {
  const { page, close, phase, shot } = await open({ ...PHONE, colorScheme: 'dark' });
  await shot('phone-dark-start');
  await page.tap('[name=source][value=own]');
  await page.fill('#pasted', 'the quick brown fox jumps over the lazy dog. '.repeat(60));
  await configure(page, { steps: 150 });
  await page.tap('#primary');
  await phase('done');
  await page.waitForFunction(() => {
    const { top, bottom } = document.querySelector('#loss-plot').getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
  await shot('phone-dark');
  const { scroll, width } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    width: innerWidth,
  }));
  assert.ok(scroll <= width, `${scroll} px on a screen of ${width}`);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('button, select, summary, .segments label, .button')]
      .filter(e => e.offsetParent && e.getBoundingClientRect().height < 28)
      .map(e => e.textContent),
  );
  assert.deepEqual(small, [], 'large enough for a finger');
  await close();
});

await check('a model comes back from its file and writes the same', async () => {
  const { page, close, phase } = await open();
  await configure(page, { steps: 100 });
  await page.click('#primary');
  await phase('done');
  const before = await write(page);
  const path = await download(page, '#save-model');
  assert.match(path, /gru-1x32-100\.safetensors$/);
  await page.reload();
  await page.setInputFiles('#open', path);
  await phase('done');
  assert.equal(await write(page), before);
  await close();
});

await check('a checkpoint goes on where it stood; with another text it only writes', async () => {
  const { page, close, phase, atStep, number } = await open();
  await configure(page, { steps: 1000 });
  await page.click('#primary');
  await atStep(30);
  await page.click('#primary');
  await phase('paused');
  const path = await download(page, '#save-checkpoint');
  const step = Number(/-(\d+)\.checkpoint\.safetensors$/.exec(path)[1]);
  await page.reload();
  await page.setInputFiles('#open', path);
  await phase('paused');
  assert.equal(await number('step'), step);
  assert.equal(await page.inputValue('[name=steps]'), '1000', 'the form shows its recipe');
  await page.click('#primary');
  await atStep(step + 20);
  await page.reload();
  await page.check('[name=source][value=own]');
  await page.fill('#pasted', 'another text '.repeat(300));
  await page.setInputFiles('#open', path);
  await phase('done');
  assert.match(
    await page.textContent('#status'),
    /To go on training, choose the text it was trained on/,
  );
  await close();
});

/** Sentences of two subjects: words of one stand together, and never with those of the other. */
const SUBJECTS = [
  ['sea', 'ship', 'sail', 'wave', 'port', 'storm'],
  ['oven', 'bread', 'flour', 'salt', 'cook', 'kitchen'],
];
let draw = 1;
const pick = list => {
  draw = (draw * 48271) % 2147483647; // Park and Miller
  return list[draw % list.length];
};
const sentences = Array.from({ length: 4000 }, (_, i) =>
  Array.from({ length: 7 }, () => pick(SUBJECTS[i % 2])).join(' '),
).join('.\n');

/** Words of a list of neighbours. */
const listed = (page, id) => page.locator(`#${id} .word`).allTextContents();
/** Where the words of the map are. */
const places = page =>
  page.evaluate(() => [...document.querySelectorAll('#map g')].map(g => g.style.transform));

await check('words: pasted text trains, the map moves, and subjects find together', async () => {
  const { page, close, phase, shot } = await open(DESKTOP, 'words.html');
  await page.check('[name=source][value=own]');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate(text => navigator.clipboard.writeText(text), `${sentences.toUpperCase()}!`);
  await page.focus('#pasted');
  await page.keyboard.press('Control+V');
  await page.waitForFunction(() => !document.querySelector('#chosen').hidden);
  assert.match(await page.textContent('#chosen-name'), /^Pasted text · 1\d\d kB$/);
  await page.fill('[name=epochs]', '1000');
  await page.fill('#word', 'ship');
  await page.click('#primary');
  await page.waitForFunction(() => document.querySelector('#map g')?.style.transform);
  const before = await places(page);
  const loss = async () => Number(await page.textContent('#n-loss'));
  await page.waitForFunction(() => /\d/.test(document.querySelector('#n-loss').textContent));
  const first = await loss();
  await page.click('#primary');
  await phase('paused');
  const pass = await page.textContent('#n-epoch');
  await page.waitForTimeout(400);
  assert.equal(await page.textContent('#n-epoch'), pass, 'nothing happens while paused');
  await page.click('#primary');
  await phase('done');
  assert.ok((await loss()) < first - 0.1, `loss from ${first} to ${await loss()}`);
  assert.equal(await page.textContent('#n-epoch'), '1000.0 / 1000');
  const after = await places(page);
  assert.equal(after.length, 12);
  assert.ok(
    after.every((place, i) => place !== before[i]),
    'all words have moved',
  );
  await page.waitForFunction(() => document.querySelectorAll('#neighbours .word').length === 10);
  const nearest = (await listed(page, 'neighbours')).slice(0, 5).sort();
  assert.deepEqual(nearest, ['port', 'sail', 'sea', 'storm', 'wave']);
  await page.locator('#map g', { hasText: 'oven' }).click();
  await page.waitForFunction(() => document.querySelector('#word').value === 'oven');
  await page.waitForFunction(() => document.querySelector('#map .chosen title')?.textContent === 'oven'); // biome-ignore format: one line
  assert.deepEqual((await listed(page, 'neighbours')).slice(0, 5).sort(), ['bread', 'cook', 'flour', 'kitchen', 'salt']); // biome-ignore format: one line
  await page.fill('#a', 'sea');
  await page.fill('#b', 'ship');
  await page.fill('#c', 'oven');
  await page.click('#solve');
  await page.waitForFunction(() => document.querySelectorAll('#solutions .word').length === 5);
  await page.fill('#word', 'spaceship');
  await page.click('#ask');
  await page.waitForFunction(
    () =>
      document.querySelector('#neighbours').textContent ===
      'The text does not have “spaceship” often enough.',
  );
  await shot('words-desktop-light');

  const path = await download(page, '#save');
  assert.match(path, /vectors-12x100\.safetensors$/);
  await page.reload();
  await page.fill('#word', 'ship');
  await page.setInputFiles('#open', path);
  await phase('done');
  await page.waitForFunction(() => document.querySelectorAll('#neighbours .word').length === 10);
  assert.deepEqual((await listed(page, 'neighbours')).slice(0, 5).sort(), nearest);
  await close();
});

await check('words: short texts and files that are none get one clear sentence each', async () => {
  const { page, close, phase } = await open(DESKTOP, 'words.html');
  const complains = sentence =>
    page.waitForFunction(
      sentence => document.querySelector('#problem').textContent === sentence,
      sentence,
    );
  await page.check('[name=source][value=own]');
  await page.fill('#pasted', 'too short');
  await page.click('#primary');
  await complains('“Your text” has 2 words; at least 300 are needed to learn from.');
  await page.fill('#pasted', 'again and again '.repeat(300));
  await page.click('#primary');
  await complains(
    'Hardly a word of “Your text” occurs 5 times; give more text, or lower “Seen at least”.',
  );
  await phase('idle');
  await page.setInputFiles('#open', {
    name: 'photo.bin',
    mimeType: 'application/octet-stream',
    buffer: Buffer.alloc(5000, 0xff),
  });
  const complaint = '“photo.bin” holds no word vectors that can be read.';
  await complains(complaint);
  await close({ complaint });
});

await check('words: the dictionary on a phone in the dark, by keyboard and by finger', async () => {
  const { page, close, shot } = await open({ ...PHONE, colorScheme: 'dark' }, 'words.html');
  await page.fill('#word', 'red');
  await page.keyboard.press('Control+Enter');
  await page.waitForFunction(() => /^[2-9]/.test(document.querySelector('#n-epoch').textContent));
  await page.waitForFunction(() => document.querySelectorAll('#neighbours .word').length === 10);
  await page.tap('#stop');
  await page.waitForFunction(() => document.body.dataset.phase === 'done');
  const near = await listed(page, 'neighbours');
  const colours = [
    'yellow',
    'blue',
    'white',
    'pink',
    'purple',
    'orange',
    'green',
    'brown',
    'black',
  ];
  assert.ok(near.filter(word => colours.includes(word)).length >= 2, near.join(' '));
  await shot('words-phone-dark');
  const { scroll, width } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    width: innerWidth,
  }));
  assert.ok(scroll <= width, `${scroll} px on a screen of ${width}`);
  await close();
});

/** Words that are suggested. */
const suggested = page => page.locator('#suggestions .word').allTextContents();
/** Waits until the first suggestion is a word. */
const firstIs = (page, word) =>
  page.waitForFunction(
    word => document.querySelector('#suggestions .word')?.textContent === word,
    word,
  );

await check(
  'completing: it learns a text, completes by what was typed, and Tab takes the first',
  async () => {
    const { page, close, phase, shot } = await open(DESKTOP, 'complete.html');
    await page.check('[name=source][value=own]');
    await page.selectOption('[name=order]', '5');
    await page.fill('#pasted', 'The cat sat on the mat, and slept.\nThe dog sat on the rug, and barked.\nThe cat saw the mat.\n'.repeat(6)); // biome-ignore format: one line
    await page.click('#primary');
    await phase('done');
    assert.match(await page.textContent('#status'), /^Your text: \d+ n-grams in /);
    await firstIs(page, 'The');
    await page.fill('#writing', 'The dog sat on the ');
    await firstIs(page, 'rug');
    assert.equal(await page.textContent('#context'), 'From the last 4 words. Tab takes the first.');
    await page.keyboard.press('Tab');
    assert.equal(await page.inputValue('#writing'), 'The dog sat on the rug ');
    await firstIs(page, ',');
    await page.keyboard.press('Tab');
    assert.equal(await page.inputValue('#writing'), 'The dog sat on the rug, ');
    await page.fill('#writing', 'The cat s');
    await page.waitForFunction(() => document.querySelectorAll('#suggestions .word').length === 3);
    assert.deepEqual((await suggested(page)).sort(), ['sat', 'saw', 'slept']);
    await page.locator('#suggestions .word', { hasText: 'saw' }).click();
    assert.equal(await page.inputValue('#writing'), 'The cat saw ');
    await page.fill('#writing', 'The zebra z');
    await page.waitForFunction(() => document.querySelector('#suggestions').textContent === 'The text has no word that begins so.'); // biome-ignore format: one line
    await shot('completing-desktop-light');
    await close();
  },
);

await check(
  'completing: the dictionary, on a phone in the dark, as wide as the screen',
  async () => {
    const { page, close, phase, shot } = await open(
      { ...PHONE, colorScheme: 'dark' },
      'complete.html',
    );
    await page.click('#primary');
    await phase('done');
    await page.fill('#writing', 'a member of the ');
    await page.waitForFunction(() => document.querySelectorAll('#suggestions .word').length === 5);
    const total = (await page.locator('#suggestions output').allTextContents())
      .map(Number.parseFloat)
      .reduce((sum, share) => sum + share, 0);
    assert.ok(total > 5 && total <= 100.1, `${total} %`);
    await shot('completing-phone-dark');
    const { scroll, width } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      width: innerWidth,
    }));
    assert.ok(scroll <= width, `${scroll} px on a screen of ${width}`);
    await close();
  },
);

await check('completing: no text, and what is none, get one clear sentence', async () => {
  const { page, close, phase } = await open(DESKTOP, 'complete.html');
  await page.check('[name=source][value=own]');
  await page.click('#primary');
  const complains = sentence =>
    page.waitForFunction(
      sentence => document.querySelector('#problem').textContent === sentence,
      sentence,
    );
  await complains('There is no text yet; paste one or choose a file.');
  await page.setInputFiles('#file', { name: 'rubbish.bin', mimeType: 'application/octet-stream', buffer: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 3]) }); // biome-ignore format: one line
  await page.click('#primary');
  await page.waitForFunction(() => document.querySelector('#problem').textContent.includes('rubbish.bin')); // biome-ignore format: one line
  const complaint = await page.textContent('#problem');
  assert.match(complaint, /rubbish\.bin/);
  await phase('idle');
  await close({ complaint });
});

await check('dark and light both have enough contrast to read', async () => {
  for (const [colorScheme, path] of [
    ['dark', ''],
    ['light', ''],
    ['dark', 'words.html'],
    ['light', 'words.html'],
    ['dark', 'complete.html'],
    ['light', 'complete.html'],
  ]) {
    const { page, close, shot } = await open({ ...DESKTOP, colorScheme }, path);
    const poor = await page.evaluate(() => {
      const rgb = text =>
        text
          .match(/[\d.]+/g)
          .slice(0, 3)
          .map(Number);
      const luminance = ([r, g, b]) =>
        [r, g, b]
          .map(c => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
          .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
      const background = element => {
        for (let e = element; e; e = e.parentElement)
          if (getComputedStyle(e).backgroundColor !== 'rgba(0, 0, 0, 0)')
            return getComputedStyle(e).backgroundColor;
        return getComputedStyle(document.body).backgroundColor;
      };
      return [
        ...document.querySelectorAll(
          'h1, h2, p, dt, dd, nav a, .label, .segments span, summary, #primary',
        ),
      ]
        .filter(e => e.offsetParent && e.textContent.trim())
        .map(e => {
          const [a, b] = [
            luminance(rgb(getComputedStyle(e).color)),
            luminance(rgb(background(e))),
          ].sort((x, y) => y - x);
          return { text: e.textContent.trim().slice(0, 20), ratio: (a + 0.05) / (b + 0.05) };
        })
        .filter(({ ratio }) => ratio < 4.5); // WCAG 2, AA
    });
    assert.deepEqual(poor, []);
    await shot(`desktop-${colorScheme}-empty`);
    await close();
  }
});

await browser?.close();
server.closeAllConnections();
server.close();
closing();
