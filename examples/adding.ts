import { recipes } from './learn.js';
import { show } from './runner.js';
import { adding } from './synthetic.js';

await show({
  title: 'Adding two marked numbers: mean squared error',
  task: adding,
  recipe: recipes.adding,
  T: 100,
});
