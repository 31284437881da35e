import { recipes } from './learn.js';
import { show } from './runner.js';
import { temporalOrder } from './synthetic.js';

await show({
  title: 'Which came first: cross-entropy, and share of right answers',
  task: temporalOrder,
  recipe: recipes.temporalOrder,
  T: 100,
});
