import { recipes } from './learn.js';
import { show } from './runner.js';
import { copying } from './synthetic.js';

await show({
  title: 'Copying ten symbols: cross-entropy, and share of symbols recalled',
  task: copying,
  recipe: recipes.copying,
  T: 20,
});
