import { nn } from '../src/index.js';
import { layerCases } from './layer.js';

export default () => layerCases('lstm', nn.LSTM, 4);
