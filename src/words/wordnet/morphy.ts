/** Base forms of words, as WordNet's morphy finds them. */
import type { PartOfSpeech } from './format.js';

/** Endings and what they are replaced by, in this order: those of NLTK. */
const RULES: Readonly<Record<PartOfSpeech, readonly (readonly [ending: string, by: string])[]>> = {
  n: [
    ['s', ''],
    ['ses', 's'],
    ['ves', 'f'],
    ['xes', 'x'],
    ['zes', 'z'],
    ['ches', 'ch'],
    ['shes', 'sh'],
    ['men', 'man'],
    ['ies', 'y'],
  ],
  v: [
    ['s', ''],
    ['ies', 'y'],
    ['es', 'e'],
    ['es', ''],
    ['ed', 'e'],
    ['ed', ''],
    ['ing', 'e'],
    ['ing', ''],
  ],
  a: [
    ['er', ''],
    ['est', ''],
    ['er', 'e'],
    ['est', 'e'],
  ],
  r: [],
};

/**
 * Base forms of a form: the form itself, then those of the list of exceptions, or else of one pass
 * of the rules; of these, the ones that exist.
 *
 * @param exceptions the irregular base forms of a form; null: it has none
 */
export function morphy(
  form: string,
  pos: PartOfSpeech,
  {
    exceptions,
    exists,
  }: { exceptions: (form: string) => readonly string[] | null; exists: (lemma: string) => boolean },
): string[] {
  const irregular = exceptions(form);
  const candidates =
    irregular ??
    RULES[pos]
      .filter(([ending]) => form.endsWith(ending))
      .map(([ending, by]) => form.slice(0, form.length - ending.length) + by);
  return [...new Set([form, ...candidates])].filter(lemma => lemma !== '' && exists(lemma));
}
