import { nn } from '../src/index.js';
import { layerCases } from './layer.js';

export default () => layerCases('gru', nn.GRU, 3);
